//! What a script is started with: meta-variables, arguments, directory.

use std::os::unix::ffi::OsStrExt;

use htbin_cgi::{MetaVariables, Source, argv::arguments};
use htbin_spawn::{LaunchError, Script as Started, Start, Starter, Stdin, Terms};
use http::{Method, header, request::Parts};

use super::{Rules, upload::Upload};
use crate::{
    exchange::{End, Exchange},
    failure::{Run, masked},
    site::Script,
};

pub(super) struct Order<'a> {
    script: &'a Script,
    variables: MetaVariables,
    words: Vec<Vec<u8>>,
}

impl<'a> Order<'a> {
    pub(super) fn new(script: &'a Script, exchange: &Exchange, request: &Parts, body: &Upload, rules: &Rules) -> Self {
        let words =
            posted_argument(request, body, rules).unwrap_or_else(|| arguments(&request.method, request.uri.query()));
        Self { script, variables: variables(script, exchange, request, body, rules), words }
    }

    pub(super) async fn start(
        &self,
        starter: &Starter,
        (rules, terms): (&Rules, &Terms),
        stdin: Stdin,
    ) -> Result<(Started, Start), LaunchError> {
        let program = self.script.program().as_os_str().as_bytes();
        let interpreter = self.script.interpreter().map(|path| path.as_os_str().as_bytes());
        let own = self.script.arguments().iter().map(String::as_bytes);
        let words = own.chain(self.words.iter().map(Vec::as_slice));
        let arguments: Vec<&[u8]> = interpreter.into_iter().chain([program]).chain(words).collect();
        let order = htbin_spawn::Order {
            program: interpreter.unwrap_or(program),
            arguments: &arguments,
            environment: self.variables.block(),
            directory: self.script.directory().as_os_str().as_bytes(),
            limits: rules.of_kernel(),
            new_privileges: rules.new_privileges,
            terms,
        };
        starter.start(&order, program, stdin).await
    }

    /// How it was run, for whoever has to find out why it failed.
    pub(super) fn run(&self, output: Vec<u8>, body_bytes: Option<u64>, exchange: &Exchange) -> Run {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let variables = self.variables.iter().map(|(name, value)| (text(name), text(value)));
        let own = self.script.arguments().iter().cloned();
        Run {
            output,
            variables: variables.map(|(name, value)| (name.clone(), masked(&name, &value))).collect(),
            // Words of a query hold no `=`; with --post-argv one is a whole form.
            arguments: own.chain(self.words.iter().map(|word| masked("QUERY_STRING", &text(word)))).collect(),
            directory: self.script.directory().to_owned(),
            script_name: text(self.script.script_name()),
            path_info: self.script.path_info().map(<[u8]>::to_vec),
            body_bytes,
            body: None,
            start: exchange.start.get().copied(),
            timeline: exchange.steps.timeline(exchange.started.elapsed()),
        }
    }
}

fn variables(script: &Script, exchange: &Exchange, request: &Parts, body: &Upload, rules: &Rules) -> MetaVariables {
    let connection = &exchange.connection;
    let path_translated = script.path_translated();
    let (path, query) = (request.uri.path(), request.uri.query());
    let uri = request.uri.path_and_query().map_or(path, http::uri::PathAndQuery::as_str);
    // RFC 9112 §3.2.2: the authority of an absolute target is the host, whatever Host says.
    let authority = request.uri.authority().and_then(|it| header::HeaderValue::from_str(it.as_str()).ok());
    let changed = (authority.is_some() || !exchange.told.is_empty()).then(|| {
        let mut fields = request.headers.clone();
        authority.map(|host| fields.insert(header::HOST, host));
        for (name, value) in &exchange.told {
            fields.remove(name);
            fields.extend(value.clone().map(|value| (name.clone(), value)));
        }
        fields
    });
    let fields = rules.trace.fields(changed.as_ref().unwrap_or(&request.headers)).or(changed);
    MetaVariables::new(&Source {
        method: &request.method,
        request_uri: uri,
        query,
        protocol: request.version,
        fields: fields.as_ref().unwrap_or(&request.headers),
        script_name: script.script_name(),
        path_info: script.path_info(),
        path_translated: path_translated.as_ref().map(|path| path.as_os_str().as_bytes()),
        script_filename: script.program().as_os_str().as_bytes(),
        document_root: script.document_root().as_os_str().as_bytes(),
        remote: address(connection.peer),
        local: address(connection.local),
        secure: connection.secure,
        tls: &connection.tls,
        content_length: body.length,
        remote_user: exchange.user.as_ref().map(|user| (user.scheme, &*user.name)),
        pass_auth: rules.pass_auth,
        software: SOFTWARE,
        extra: &rules.environment,
    })
}

fn address(end: End) -> Option<std::net::SocketAddr> {
    match end {
        End::Tcp(address) => Some(address),
        End::Unix => None,
    }
}

/// `--post-argv`: the body of a form as the first argument, as scripts written for Python's server may expect.
fn posted_argument(request: &Parts, body: &Upload, rules: &Rules) -> Option<Vec<Vec<u8>>> {
    let media_type = request.headers.get(header::CONTENT_TYPE)?.as_bytes();
    let is_form = media_type.split(|byte| *byte == b';').next()?.trim_ascii().eq_ignore_ascii_case(FORM);
    // What starts with a dash could be taken for an option, as with words of a query (CVE-2012-1823).
    let is_argument = |bytes: &&[u8]| !bytes.is_empty() && !bytes.contains(&0) && !bytes.starts_with(b"-");
    let bytes = body.in_memory().filter(is_argument)?;
    (rules.post_argv && request.method == Method::POST && is_form).then(|| vec![bytes.to_vec()])
}

const FORM: &[u8] = b"application/x-www-form-urlencoded";
const SOFTWARE: &str = concat!("htbin/", env!("CARGO_PKG_VERSION"));
