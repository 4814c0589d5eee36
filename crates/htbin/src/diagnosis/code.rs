//! The stable names of all that goes wrong with scripts. docs/failures has a page for each.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($(#[doc = $meaning:literal])+ $code:ident = $word:literal,)+) => {
        /// What is wrong with a script.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $meaning])+ $code,)+
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$code),+];

            /// The name that never changes.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$code => $word,)+
                }
            }
        }
    };
}

codes! {
    // What a look at the file shows.
    /// Nobody, or not the user who serves, may execute it.
    NotExecutable = "not-executable",
    /// The file is empty.
    EmptyScript = "empty-script",
    /// A byte order mark, or UTF-16, where `#!` has to stand.
    ByteOrderMark = "byte-order-mark",
    /// The first line ends in a carriage return.
    CarriageReturn = "carriage-return",
    /// A text without `#!`.
    NoFirstLine = "no-first-line",
    /// The interpreter of the first line is not there.
    InterpreterMissing = "interpreter-missing",
    /// The interpreter of the first line is a directory.
    InterpreterIsDirectory = "interpreter-is-directory",
    /// The interpreter of the first line may not be executed.
    InterpreterNotExecutable = "interpreter-not-executable",
    /// The interpreter of the first line lies where the user may not go.
    InterpreterUnreachable = "interpreter-unreachable",
    /// `env` does not find the program of the first line.
    EnvFindsNothing = "env-finds-nothing",
    /// The script lies on a file system that runs nothing.
    NoexecMount = "noexec-mount",
    /// A program for another machine.
    WrongArchitecture = "wrong-architecture",
    /// A program whose loader is not there.
    LoaderMissing = "loader-missing",
    /// The interpreter may not read it.
    ScriptUnreadable = "script-unreadable",
    /// Its directory may not be entered.
    DirectoryUnreachable = "directory-unreachable",
    /// The kernel would not start it, for another reason.
    NotStarted = "not-started",

    // What it wrote.
    /// Nothing at all.
    NoOutput = "no-output",
    /// The empty line after the head is missing.
    HeadUnfinished = "head-unfinished",
    /// The head is empty.
    EmptyHead = "empty-head",
    /// The body came first.
    BodyBeforeHead = "body-before-head",
    /// A line of the head has no colon.
    NoColon = "no-colon",
    /// A field of the head is not written as one.
    BadField = "bad-field",
    /// A carriage return, a NUL or the like within a field.
    ControlCharacter = "control-character",
    /// Neither Content-Type nor Location, but a body.
    NoContentType = "no-content-type",
    /// A Status that is none.
    BadStatus = "bad-status",
    /// A Location that is none.
    BadLocation = "bad-location",
    /// Fields that contradict each other, or a Content-Length that is none.
    BadLength = "bad-length",
    /// A script that writes the whole head (`nph-`) starts with no status line.
    BadStatusLine = "bad-status-line",
    /// The head is larger than a head may be.
    HeadTooLarge = "head-too-large",
    /// Less output than its Content-Length.
    CutShort = "cut-short",
    /// It sends requests round in circles.
    RedirectLoop = "redirect-loop",

    // How it ended.
    /// An exit status other than 0 before the head, and nothing more is known.
    ExitStatus = "exit-status",
    /// It crashed: a bad access to memory, an abort.
    Crashed = "crashed",
    /// Somebody ended it by a signal.
    Killed = "killed",
    /// No head within the time limit.
    TimeLimit = "time-limit",
    /// No output for too long.
    IdleLimit = "idle-limit",
    /// More output than the limit.
    OutputLimit = "output-limit",
    /// More processor time than the limit.
    CpuLimit = "cpu-limit",
    /// More memory than the limit.
    MemoryLimit = "memory-limit",
    /// More processes than the limit.
    ProcessLimit = "process-limit",

    // What it said.
    /// `cgi` or `cgitb`, which Python 3.13 no longer has.
    PythonCgiRemoved = "python-cgi-removed",
    /// A module of Python that is not there.
    PythonModuleMissing = "python-module-missing",
    /// A module of Perl that is not there.
    PerlModuleMissing = "perl-module-missing",
    /// A program that the script calls is not there.
    CommandNotFound = "command-not-found",
    /// A print statement of Python 2.
    Python2Print = "python-2-print",
    /// The interpreter does not understand a line.
    SyntaxError = "syntax-error",
    /// An error that the script did not expect.
    UncaughtError = "uncaught-error",
    /// A file that the user who serves may not read or write.
    PermissionDenied = "permission-denied",
    /// A file beside the script takes the place of a module.
    ShadowedModule = "shadowed-module",

    // What only lint sees.
    /// Anybody on this machine may change it.
    WritableByOthers = "writable-by-others",
    /// It has the setuid or setgid bit.
    Setuid = "setuid",
    /// It belongs to somebody else than its directory.
    ForeignOwner = "foreign-owner",
    /// A secret that everybody on this machine may read.
    SecretReadable = "secret-readable",
}

impl Code {
    /// The page that explains it, in the project's documentation.
    pub fn page(self) -> String {
        format!("docs/failures/{self}.md")
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}
