//! Presets: what a program that people run needs, as Debian has it. Each becomes one or more routes with the same keys that
//! a person would write, so there is nothing that only a preset can do.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::config::{
    Error, Machine,
    file::{
        Source,
        keys::{Preset, Route},
        values::{Many, Time},
    },
};

/// What a preset is made from.
struct Asked<'a> {
    route: &'a Route,
    base: &'a Path,
    machine: &'a Machine,
    /// Where it lies in the URL space, without a slash at its end.
    path: String,
}

/// The routes that a route stands for: itself, if it has no preset.
pub(super) fn parts(route: &Route, source: &Source, machine: &Machine) -> Result<Vec<Route>, Error> {
    let Some(preset) = route.preset else {
        let keys = [
            ("repositories", route.repositories.is_some()),
            ("export-all", route.export_all.is_some()),
            ("configuration", route.configuration.is_some()),
        ];
        return match keys.into_iter().find(|(_, is_given)| *is_given) {
            Some((key, _)) => Err(Error::new(key, "it goes with 'preset'")),
            None => Ok(vec![route.clone()]),
        };
    };
    check(route, preset)?;
    let path = route.path.as_deref().unwrap_or("/").trim_end_matches('/').to_owned();
    let asked = Asked { route, base: source.directory(), machine, path };
    match preset {
        Preset::Git => asked.git(),
        Preset::Gitweb => asked.gitweb(),
        Preset::Cgit => asked.cgit(),
        Preset::Awstats => asked.awstats(),
        Preset::Nagios => asked.nagios(),
        Preset::Mapserver => asked.mapserver(),
        Preset::Fossil => asked.fossil(),
        Preset::Hg => asked.hg(),
        Preset::Php => asked.php(),
    }
}

/// A key that the preset does not know would be said in vain.
fn check(route: &Route, preset: Preset) -> Result<(), Error> {
    let in_vain = |key, what: &str| Err(Error::new(key, format!("it does not go with this preset: {what}")));
    let is_mount = !matches!(preset, Preset::Php | Preset::Gitweb | Preset::Nagios);
    let other = [
        ("suffix", route.suffix.is_some()),
        ("glob", route.glob.is_some()),
        ("scripts", route.scripts.is_some()),
        ("redirect", route.redirect.is_some()),
        ("rewrite", route.rewrite.is_some()),
        ("respond", route.respond.is_some()),
        ("refuse", route.refuse.is_some()),
        ("files", route.files.is_some() && is_mount),
        ("program", route.program.is_some() && !is_mount),
        ("arguments", route.arguments.is_some() && !is_mount),
    ];
    if let Some((key, _)) = other.into_iter().find(|(_, is_given)| *is_given) {
        return in_vain(key, "make a route of its own for it");
    }
    if route.path.is_none() && preset != Preset::Php {
        return Err(Error::new("preset", "it needs 'path', below which it lies; '/' is everything"));
    }
    if route.repositories.is_some() && !matches!(preset, Preset::Git | Preset::Hg) {
        return in_vain("repositories", "the program's own configuration names them ('configuration')");
    }
    if route.export_all.is_some() && preset != Preset::Git {
        return in_vain("export-all", "it is git's");
    }
    if route.configuration.is_some() && matches!(preset, Preset::Git | Preset::Php) {
        return in_vain("configuration", "say it with 'env'");
    }
    Ok(())
}

impl Asked<'_> {
    fn git(&self) -> Result<Vec<Route>, Error> {
        let mut route = self.mount(GIT_HTTP_BACKEND, "git")?;
        if let Some(root) = self.directory()? {
            set(&mut route, "GIT_PROJECT_ROOT", &root);
        } else if !self.has_variable("GIT_PROJECT_ROOT") {
            return Err(Error::new("preset", "it needs 'repositories', the directory in which they lie"));
        }
        if self.route.export_all == Some(true) {
            set(&mut route, "GIT_HTTP_EXPORT_ALL", "1");
        }
        // A large clone is packed before its first octet comes.
        (route.timeout, route.idle_timeout) = (LONG, LONG);
        Ok(vec![route])
    }

    fn gitweb(&self) -> Result<Vec<Route>, Error> {
        let mut route = self.site(GITWEB, "gitweb")?;
        (route.cgi_dir, route.index) = (Some(Many(vec!["/".into()])), Some(names(&["index.cgi"])));
        route.listing = Some(false);
        // Its own links lead from one of its files to the other.
        self.configure(&mut route, "GITWEB_CONFIG")?;
        Ok(vec![route])
    }

    fn cgit(&self) -> Result<Vec<Route>, Error> {
        let mut route = self.mount(CGIT, "cgit")?;
        self.configure(&mut route, "CGIT_CONFIG")?;
        Ok(vec![Self::beside("/cgit-css", CGIT_FILES, "cgit")?, route])
    }

    fn awstats(&self) -> Result<Vec<Route>, Error> {
        let mut route = self.mount(AWSTATS, "awstats")?;
        if let Some(directory) =
            self.named("configuration", self.route.configuration.as_deref(), Path::is_dir, "directory")?
        {
            // It is matched as a pattern, somewhere in what `?configdir=` says.
            let exact = |c: char| if c.is_ascii_alphanumeric() || c == '/' { c.to_string() } else { format!("\\{c}") };
            let pattern = format!("^{}\\z", directory.chars().map(exact).collect::<String>());
            set(&mut route, "AWSTATS_ENABLE_CONFIG_DIR", &pattern);
        }
        let mut routes = vec![Self::beside("/awstats-icon", AWSTATS_ICONS, "awstats")?];
        // Its own links lead there, unless its configuration says another place.
        if self.path != AWSTATS_URL {
            routes.push(Route { path: Some(AWSTATS_URL.into()), ..route.clone() });
        }
        routes.push(route);
        Ok(routes)
    }

    fn nagios(&self) -> Result<Vec<Route>, Error> {
        let php = self.program("php-cgi", "php-cgi")?;
        let mut pages = interpreted(self.site(NAGIOS_PAGES, "nagios4-cgi")?, php);
        pages.index = Some(names(&["index.php", "index.html"]));
        let mut scripts = Route { scripts: Some(Self::place(NAGIOS_SCRIPTS, "nagios4-cgi")?), ..Route::default() };
        self.configure(&mut scripts, "NAGIOS_CGI_CONFIG")?;
        let at = |path: String| Route { path: Some(path), ..scripts.clone() };
        Ok(vec![
            // Its pages lead to this one.
            at("/cgi-bin/nagios4".into()),
            at(format!("{}/cgi-bin", self.path)),
            Self::beside(&format!("{}/stylesheets", self.path), NAGIOS_STYLES, "nagios4-cgi")?,
            pages,
        ])
    }

    fn mapserver(&self) -> Result<Vec<Route>, Error> {
        let mut route = self.mount(MAPSERVER, "cgi-mapserver")?;
        self.configure(&mut route, "MAPSERVER_CONFIG_FILE")?;
        Ok(vec![route])
    }

    fn fossil(&self) -> Result<Vec<Route>, Error> {
        let mut route = self.mount("fossil", "fossil")?;
        let Some(file) = self.configuration()? else {
            let fix = "a file with a line 'repository: /srv/project.fossil', as Fossil has for CGI";
            return Err(Error::new("preset", format!("it needs 'configuration', {fix}")));
        };
        if route.arguments.is_none() {
            route.arguments = Some(Many(vec!["cgi".into(), file]));
        }
        (route.timeout, route.idle_timeout) = (LONG, LONG);
        Ok(vec![route])
    }

    fn hg(&self) -> Result<Vec<Route>, Error> {
        self.program("hg", "mercurial")?;
        let mut route = self.mount("/usr/bin/python3", "python3")?;
        let place = match self.configuration()? {
            Some(file) => file,
            None => self.directory()?.ok_or_else(|| {
                let fix = "a repository or the directory in which they lie, or 'configuration', the file of hgweb";
                Error::new("preset", format!("it needs 'repositories', {fix}"))
            })?,
        };
        if route.arguments.is_none() {
            route.arguments = Some(Many(vec!["-I".into(), "-c".into(), HGWEB.into(), place]));
        }
        set(&mut route, "HGENCODING", "UTF-8");
        (route.timeout, route.idle_timeout) = (LONG, LONG);
        Ok(vec![route])
    }

    fn php(&self) -> Result<Vec<Route>, Error> {
        let mut route = interpreted(Route::default(), self.program("php-cgi", "php-cgi")?);
        (route.path, route.files) = (self.route.path.clone(), self.route.files.clone());
        route.index = Some(names(&["index.php", "index.html", "index.htm"]));
        Ok(vec![route])
    }

    /// A program at the path, the route's own before that of the preset.
    fn mount(&self, program: &str, package: &str) -> Result<Route, Error> {
        let program = match &self.route.program {
            Some(own) => own.clone(),
            None => self.program(program, package)?,
        };
        let (path, arguments) = (self.route.path.clone(), self.route.arguments.clone());
        Ok(Route { path, program: Some(program), arguments, ..Route::default() })
    }

    /// Files at the path, those of the route before those of the preset.
    fn site(&self, directory: &str, package: &str) -> Result<Route, Error> {
        let files = match &self.route.files {
            Some(own) => own.clone(),
            None => Self::place(directory, package)?,
        };
        Ok(Route { path: self.route.path.clone(), files: Some(files), ..Route::default() })
    }

    /// Files that the program's pages need, at another path.
    fn beside(path: &str, directory: &str, package: &str) -> Result<Route, Error> {
        let files = Some(Self::place(directory, package)?);
        Ok(Route { path: Some(path.into()), files, follow_symlinks: Some(true), ..Route::default() })
    }

    fn program(&self, name: &str, package: &str) -> Result<PathBuf, Error> {
        self.machine.program(name.as_ref()).ok_or_else(|| missing(name, package))
    }

    fn place(path: &str, package: &str) -> Result<PathBuf, Error> {
        if Path::new(path).is_dir() { Ok(path.into()) } else { Err(missing(path, package)) }
    }

    /// The directory of `repositories`.
    fn directory(&self) -> Result<Option<String>, Error> {
        self.named("repositories", self.route.repositories.as_deref(), Path::is_dir, "directory")
    }

    /// The file of `configuration`.
    fn configuration(&self) -> Result<Option<String>, Error> {
        self.named("configuration", self.route.configuration.as_deref(), Path::is_file, "file")
    }

    fn configure(&self, route: &mut Route, variable: &str) -> Result<(), Error> {
        if let Some(file) = self.configuration()? {
            set(route, variable, &file);
        }
        Ok(())
    }

    fn named(
        &self,
        key: &'static str,
        path: Option<&Path>,
        is_one: impl Fn(&Path) -> bool,
        what: &str,
    ) -> Result<Option<String>, Error> {
        let Some(path) = path.map(|path| self.base.join(path).components().collect::<PathBuf>()) else {
            return Ok(None);
        };
        let error = |why: &str| Err(Error::new(key, format!("'{}' {why}", path.display())));
        match fs::metadata(&path) {
            Err(why) if why.kind() == io::ErrorKind::PermissionDenied => {}
            Ok(_) if is_one(&path) => {}
            _ => return error(&format!("is no {what}; name one that is there")),
        }
        match path.to_str() {
            Some(text) => Ok(Some(text.to_owned())),
            None => error("is no text in UTF-8"),
        }
    }

    fn has_variable(&self, name: &str) -> bool {
        self.route.env.as_ref().is_some_and(|it| it.contains_key(name))
    }
}

/// Files of which those with an interpreter run.
fn interpreted(route: Route, php: PathBuf) -> Route {
    Route {
        cgi_dir: Some(Many(vec!["/".into()])),
        interpreted_only: Some(true),
        interpreter: Some([(".php".to_owned(), php)].into()),
        ..route
    }
}

fn names(names: &[&str]) -> Many<String> {
    Many(names.iter().map(ToString::to_string).collect())
}

fn set(route: &mut Route, name: &str, value: &str) {
    route.env.get_or_insert_default().insert(name.to_owned(), value.to_owned());
}

fn missing(what: &str, package: &str) -> Error {
    Error::new("preset", format!("{what} is not there; Debian's package is {package}: apt install {package}"))
}

/// Where Debian has each.
const GIT_HTTP_BACKEND: &str = "/usr/lib/git-core/git-http-backend";
const GITWEB: &str = "/usr/share/gitweb";
const CGIT: &str = "/usr/lib/cgit/cgit.cgi";
const CGIT_FILES: &str = "/usr/share/cgit";
const AWSTATS: &str = "/usr/lib/cgi-bin/awstats.pl";
const AWSTATS_URL: &str = "/cgi-bin/awstats.pl";
const AWSTATS_ICONS: &str = "/usr/share/awstats/icon";
const NAGIOS_PAGES: &str = "/usr/share/nagios4/htdocs";
const NAGIOS_SCRIPTS: &str = "/usr/lib/cgi-bin/nagios4";
const NAGIOS_STYLES: &str = "/etc/nagios4/stylesheets";
const MAPSERVER: &str = "/usr/lib/cgi-bin/mapserv";

/// Debian's hgweb.cgi with what it serves as an argument: a configuration file, a repository, or a directory of some.
const HGWEB: &str = r#"
import os, sys
from mercurial import demandimport
demandimport.enable()
from mercurial.hgweb import hgweb, wsgicgi
place = os.fsencode(sys.argv[1])
is_one = os.path.isfile(place) or os.path.isdir(os.path.join(place, b".hg"))
wsgicgi.launch(hgweb(place if is_one else {b"/": os.path.join(place, b"*")}))
"#;

/// For programs that think long before they answer.
const LONG: Option<Time> = Some(Time(Duration::from_secs(600)));
