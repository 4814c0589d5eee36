//! 20,000 requests that were changed at random, from a seed: the server lives, says nothing untrue, and does not grow.

use std::{thread, time::Duration};

use super::alone;
use crate::{
    process::memory_kib,
    scripts::{ECHO, HELLO},
    server::Server,
    site::Site,
};

const COUNT: u64 = 20_000;
const THREADS: u64 = 8;

#[test]
fn twenty_thousand_mutated_requests_are_survived() {
    ours_only!();
    let _alone = alone();
    let site = Site::new()
        .file("a.txt", "content")
        .file("sub/b.html", "b")
        .script("cgi-bin/hello", HELLO)
        .script("cgi-bin/echo", ECHO);
    let server = Server::start(&site);
    send_some(&server, 1, COUNT / 10);
    let before = memory_kib(server.pid(), "VmRSS");
    send_some(&server, 2, COUNT);
    server.get("/a.txt").expect(200);
    server.get("/cgi-bin/hello").expect(200);
    let after = memory_kib(server.pid(), "VmRSS");
    assert!(after < before + 8 * 1024, "{before} KiB, then {after} KiB");
}

fn send_some(server: &Server, seed: u64, count: u64) {
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                let mut dice = Dice(seed * 1_000_003 + thread * 7919 + 1);
                for _ in 0..count / THREADS {
                    send_one(server, &dice.mutated());
                }
            });
        }
    });
}

fn send_one(server: &Server, request: &[u8]) {
    let mut client = server.client();
    client.send(request);
    // What is incomplete gets no answer; what is complete gets one before the end of the connection is seen.
    client.hears_within(Duration::from_millis(10));
    let answer = client.finish().rest();
    let shown = || (String::from_utf8_lossy(request).into_owned(), String::from_utf8_lossy(&answer).into_owned());
    // What begins with the preface of HTTP/2 is answered in frames, the first of which are settings.
    let is_http2 = request.starts_with(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") && answer.get(3) == Some(&4);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.") || is_http2, "{:?}", shown());
    assert!(!answer.starts_with(b"HTTP/1.1 500"), "our own fault: {:?}", shown());
}

/// Xorshift: the same requests in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }

    fn mutated(&mut self) -> Vec<u8> {
        let mut request = REQUESTS[self.below(REQUESTS.len())].to_vec();
        for _ in 0..=self.below(4) {
            self.mutate(&mut request);
        }
        request
    }

    fn mutate(&mut self, request: &mut Vec<u8>) {
        let at = self.below(request.len());
        let end = (at + self.below(20)).min(request.len());
        match self.below(7) {
            0 if at < request.len() => request[at] ^= 1 << self.below(8),
            1 => request.insert(at, self.below(256) as u8),
            2 => drop(request.drain(at..end)),
            3 => request.truncate(at),
            4 => {
                let copy = request[at..end].to_vec();
                request.splice(at..at, copy.repeat(1 + self.below(50)));
            }
            5 => {
                let other = REQUESTS[self.below(REQUESTS.len())];
                let from = self.below(other.len());
                request.truncate(at);
                request.extend_from_slice(&other[from..]);
            }
            _ => {
                let word = WORDS[self.below(WORDS.len())];
                request.splice(at..at, word.iter().copied());
            }
        }
    }
}

const REQUESTS: [&[u8]; 10] = [
    b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /a.txt HTTP/1.0\r\nRange: bytes=0-3,5-\r\nIf-Range: \"x\"\r\n\r\n",
    b"GET /sub?sort=size HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n",
    b"HEAD /sub/b.html HTTP/1.1\r\nHost: [::1]:80\r\nIf-None-Match: \"a\", W/\"b\"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
    b"POST /cgi-bin/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\r\nhello world",
    b"POST /cgi-bin/echo?a+b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX: y\r\n\r\n",
    b"GET /cgi-bin/hello/extra%20path?q=%41 HTTP/1.1\r\nHost: localhost\r\nCookie: a=b; c=d\r\nX-Long: 0123456789012345678901234567890123456789\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
    b"GET http://localhost/a.txt HTTP/1.1\r\nHost: other\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n",
];

const WORDS: [&[u8]; 16] = [
    b"\r\n",
    b"\n",
    b"\0",
    b"%00",
    b"%2e%2e%2f",
    b"../",
    b"//",
    b"%",
    b"\xff\xfe",
    b"Content-Length: 99999999999999999999\r\n",
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"HTTP/1.1",
    b"Range: bytes=-1,0-0,99-\r\n",
];
