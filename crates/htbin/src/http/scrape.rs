//! The listener for metrics: it answers `/metrics`, and whether the server is well, also while it stops; nothing else. It
//! has limits of its own, so that clients cannot keep who watches over the server out.

use std::{convert::Infallible, sync::Arc, time::Duration};

use http::{HeaderName, Method, Request, Response, StatusCode, header, request::Parts};
use http_body_util::Full;
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
    sync::Semaphore,
};

use super::{ACCEPT_PAUSE, Listener};
use crate::{
    body::{Body, Part},
    listen::{Kind, Socket, SocketFile},
    respond::Server,
};

/// Answers on these sockets as long as the runtime lives. What is answered must be kept as long: the files of UNIX sockets.
pub fn serve_metrics(sockets: Vec<Socket>, server: &Arc<Server>) -> std::io::Result<Vec<SocketFile>> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut files = Vec::new();
    for socket in sockets {
        let (places, server) = (Arc::clone(&places), Arc::clone(server));
        match socket.kind {
            Kind::Tcp(listener) => drop(tokio::spawn(accept(TcpListener::from_std(listener)?, places, server))),
            Kind::Unix(listener, file) => {
                tokio::spawn(accept(UnixListener::from_std(listener)?, places, server));
                files.push(file);
            }
        }
    }
    Ok(files)
}

async fn accept<L: Listener>(listener: L, places: Arc<Semaphore>, server: Arc<Server>)
where
    L::Client: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((client, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            // One request in all: who asks every few seconds needs no connection that stays.
            let mut protocol = http1::Builder::new();
            protocol.keep_alive(false).max_headers(FIELDS_MAX).max_buf_size(HEAD_BYTES_MAX).header_read_timeout(None);
            let service = service_fn(|request: Request<Incoming>| {
                let response = answer(&server, &request.into_parts().0);
                async { Ok::<_, Infallible>(response) }
            });
            let conversation = protocol.serve_connection(TokioIo::new(client), service);
            _ = tokio::time::timeout(CONNECTION_TIME, conversation).await;
            drop(place);
        });
    }
}

fn answer(server: &Server, request: &Parts) -> Response<Full<Bytes>> {
    if let Some(response) = server.health.answer(request) {
        return response.map(full);
    }
    let told = |status, text: &'static str| {
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = status;
        response
    };
    // A page that a browser shows has no business here, whatever name it found for this address.
    let is_of_page = |value: &http::HeaderValue| value != "none";
    if request.headers.get(SEC_FETCH_SITE).is_some_and(is_of_page) || request.headers.contains_key(header::ORIGIN) {
        return told(StatusCode::FORBIDDEN, "Metrics are for programs.\n");
    }
    if request.uri.path() != "/metrics" {
        return told(StatusCode::NOT_FOUND, "Here are /metrics only.\n");
    }
    if !matches!(request.method, Method::GET | Method::HEAD) {
        return told(StatusCode::METHOD_NOT_ALLOWED, "Metrics can only be read.\n");
    }
    server.status.metrics().map(full)
}

fn full(body: Body) -> Full<Bytes> {
    match body {
        Body::One(Some(Part::Bytes(bytes))) => Full::new(bytes),
        _ => Full::default(),
    }
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Who watches is one or two.
const CONNECTIONS_MAX: usize = 16;
/// For a connection in all.
const CONNECTION_TIME: Duration = Duration::from_secs(10);
const FIELDS_MAX: usize = 50;
/// The least that hyper takes.
const HEAD_BYTES_MAX: usize = 8 << 10;
