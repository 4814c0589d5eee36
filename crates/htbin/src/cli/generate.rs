//! The manual page and the completions, from the same source as the command line itself.

use std::io::{self, Write};

use clap_complete::Shell;

/// Writes the manual page, in troff.
pub fn man(out: &mut impl Write) -> io::Result<()> {
    // Clap leaves the text of an option out of the page if -h hides the option.
    let command = super::command().mut_args(|argument| argument.hide_short_help(false));
    let title = clap_mangen::Man::new(command).title("HTBIN").section("1").manual("User Commands");
    title.render_title(out)?;
    title.render_name_section(out)?;
    title.render_synopsis_section(out)?;
    out.write_all(DESCRIPTION.as_bytes())?;
    let mut options = Vec::new();
    title.render_options_section(&mut options)?;
    out.write_all(bold_code(&String::from_utf8_lossy(&options)).as_bytes())?;
    out.write_all(SECTIONS.as_bytes())
}

/// Writes what completes the command line in `shell`.
pub fn completions(shell: Shell, out: &mut impl Write) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "htbin", &mut script);
    out.write_all(&script)
}

/// Turns `code` of help texts into bold, as manual pages have it.
fn bold_code(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    for (number, part) in page.split('`').enumerate() {
        if number > 0 {
            text.push_str(if number % 2 == 1 { "\\fB" } else { "\\fR" });
        }
        text.push_str(part);
    }
    text
}

const DESCRIPTION: &str = r".SH DESCRIPTION
\fBhtbin\fR serves the files of a directory over HTTP, and runs what is executable in
\fIcgi\-bin/\fR or \fIhtbin/\fR as CGI scripts (RFC 3875).
Python's spelling works:
.B htbin \-\-cgi 8000
does what
.B python \-m http.server \-\-cgi 8000
did.
.PP
Without \fB\-\-bind\fR only this machine can connect, because scripts run.
.SH COMMANDS
.TP
\fBhtbin demo\fR [OPTIONS] [PORT]
Serve a site that shows what htbin can do.
It lies in a private temporary directory until htbin ends.
.TP
\fBhtbin lint\fR [\fB\-\-fix\fR] [\fB\-\-user\fR \fINAME\fR] [\fB\-\-json\fR] [\fB\-\-cgi\-dir\fR \fIURL\fR[=\fIDIR\fR]] [\fB\-\-interpreter\fR \fI.EXT=PROG\fR] [\fIPATH\fR]...
Say what is wrong with scripts before anybody asks for one: rights, first lines, line ends, interpreters, secrets that
everybody may read, words of Python 2. A path is a script, a directory of scripts or a site; without one it is the
current directory. \fB\-\-fix\fR mends execute bits, line ends and byte order marks, takes from all others the right to
write, and says what it did. Exit status: 0 if nothing was found, 1 if something is left, 2 for wrong usage.
.TP
\fBhtbin new\fR \fINAME\fR [\fB\-\-lang\fR \fILANGUAGE\fR]
Write a first script with comments that teach, into \fIcgi\-bin/\fR or where the name says. The language is sh, python,
perl, php, c, rust, ruby, lua, tcl, awk or node; without \fB\-\-lang\fR the end of the name tells. Nothing is overwritten.
.TP
\fBhtbin passwd\fR [\fB\-c\fR] [\fB\-\-stdin\fR] [\fB\-\-delete\fR] \fIFILE\fR \fIUSER\fR
Change or add a user in a file of passwords, one a line as htpasswd writes them, with bcrypt. The password is asked for
twice, or is the first line of standard input. \fB\-c\fR makes the file, \fB\-\-delete\fR takes the user out of it.
Another file takes the place of the old one at once, with the same owner and rights.
.TP
\fBhtbin run\fR [OPTIONS] \fISCRIPT\fR ['\fI/path/info?query\fR']
Run one script as the server would, without one, and print its answer, head and body.
The site is the directory above the \fIcgi\-bin/\fR or \fIhtbin/\fR that the script lies in; without such a directory
the script is mounted at its own name.
\fB\-X\fR \fIMETHOD\fR, \fB\-d\fR \fITEXT\fR, \fB@FILE\fR or \fB@\-\fR and \fB\-H\fR '\fIK: V\fR' make the request;
\fB\-\-raw\fR prints what the script writes, untouched.
Options for scripts, warm interpreters and limits are those below.
What the script writes to standard error, and why it failed, are on standard error.
What it leaves running is ended with it.
.TP
\fBhtbin replay\fR [OPTIONS] \fIFILE\fR
Run a request again that \fB\-\-record\fR has kept, print its answer, and say what is different from then.
.TP
\fBhtbin check\fR [\fB\-\-schema\fR] [\fIFILE\fR]
Say what a configuration file would do, or what is wrong with it; nothing is started. \fB\-\-schema\fR prints the JSON
Schema of configuration files, for editors. The file is \fIhtbin.toml\fR if none is named.
.TP
\fBhtbin sandbox explain\fR \fIADDRESS\fR [\fIFILE\fR]
Say in words as whom the scripts at an address run and what they may do, by a configuration file and on this kernel.
.TP
\fBhtbin reload\fR [\fIFILE\fR]
Look at a configuration file, and have the server that runs with it take it anew.
.TP
\fBhtbin man\fR [\fBhtbin\fR | \fBhtbin.toml\fR]
Print this page, or that of the configuration file.
.TP
\fBhtbin completions\fR \fISHELL\fR
Print what completes htbin's command line in bash, zsh, fish, elvish or powershell.
.PP
Commands stand first. A directory of such a name is served by \fBhtbin ./demo\fR.
";

const SECTIONS: &str = r#".SH ENVIRONMENT
Each option that is not typed is read from a variable: \fBHTBIN_\fR and its name in capitals, with _ for \-.
\fB\-\-max\-scripts 8\fR is \fBHTBIN_MAX_SCRIPTS=8\fR.
A switch is on with 1, true, yes or on, and off with 0, false, no or off.
What may be repeated takes one value a line. An empty variable counts as not set.
What is typed overrides the variable of its opposite too: \fB\-\-cgi\fR overrides \fBHTBIN_NO_CGI\fR.
A variable of such a name that htbin does not know is told at the start.
.PP
To scripts htbin passes PATH (or /usr/local/bin:/usr/bin:/bin if it has none) and, where set, LANG, LC_* and TZ,
beside the meta\-variables of the request, \fB\-\-env\fR and \fB\-\-pass\-env\fR.
.SH SIGNALS
.TP
HUP
With a configuration file: read it again. No connection is lost; a wrong file is refused, and what held before goes on.
Without one: as TERM.
.TP
TERM, INT
Accept no more, finish what runs (\fB\-\-stop\-time\fR at most), then exit.
A second one ends what runs: clients that have nothing yet get 503, other connections are cut.
.SH "EXIT STATUS"
.TP
0
Stopped as asked.
.TP
1
Failed at run time; of \fBhtbin run\fR: the script failed, its answer was cut, or is 5xx.
.TP
2
Wrong usage.
.TP
4
Of \fBhtbin run\fR: the answer is 4xx.
.TP
78
Wrong configuration.
.SH EXAMPLES
.TP
.B htbin
Serve this directory on http://127.0.0.1:8000.
.TP
.B htbin \-\-live \-\-open
While you write it: pages reload when a file changes.
.TP
.B htbin run cgi\-bin/hello.py '?name=Ada'
One script, without a server.
.TP
.B htbin \-\-cgi\-dir . \-\-post\-argv 9000
Executable files run wherever they lie; the body of a form is also the first argument.
.TP
.B htbin \-\-interpreter .py=python3 \-\-interpreter .php=php\-cgi
Run .py and .php files of the script directories, execute bit or not.
.TP
.B htbin \-\-cgi /git=/usr/lib/git\-core/git\-http\-backend \-\-env GIT_PROJECT_ROOT=/srv/git \-\-env GIT_HTTP_EXPORT_ALL=1
Serve repositories to git clone.
.TP
.B sudo htbin \-\-user www\-data \-b :: \-\-port 80 /srv/www
Take port 80 as root, then serve as www\-data.
.TP
.B htbin \-b /run/htbin.sock \-\-log\-format json /srv/www
Behind a proxy, over a UNIX socket.
.SH SECURITY
A script is a program that strangers start. Everything in a script directory that is executable can be run by
everybody who can connect; put nothing else there.
.PP
As root, htbin opens its sockets and then becomes \fBnobody\fR or \fB\-\-user\fR, for good. Scripts never run as root, cannot
gain privileges (no_new_privs, unless \fB\-\-new\-privileges\fR is given), and get standard input, output and error and no
other descriptor. Running as an ordinary user, htbin and its scripts can do all that this user can.
.PP
\fB\-\-memory\fR, \fB\-\-cpu\fR and \fB\-\-nproc\fR limit what one script can take from the machine; they are off by default.
.PP
A page that says why a script failed shows paths and the script's own words. It is for a client on this machine alone,
unless \fB\-\-debug\fR is given. \fB\-\-live\fR holds to the same rule.
.PP
The query of a request never reaches a shell, and a query that could be read as an option is given to no script as an
argument. The field Proxy becomes no variable, and Authorization becomes one only with \fB\-\-pass\-auth\fR.
.SH "SEE ALSO"
RFC 3875, The Common Gateway Interface (CGI) Version 1.1
"#;
