//! What testssl.sh finds: nothing above LOW.

use std::{process::Command, time::Duration};

use super::hosts::{Folder, port};
use crate::process::run_within;

#[test]
fn testssl_finds_nothing_above_low() {
    ours_only!();
    let folder = Folder::new().site("a");
    // Where an authority would say what it takes back; nobody asks there.
    folder.sign("a", "DNS:localhost,IP:127.0.0.1 -addext crlDistributionPoints=URI:http://127.0.0.1/ca.crl");
    let server = folder
        .configure("listen = 'https://127.0.0.1:0'\ndirectory = 'a'\nhsts = '1y'\ntls = { certificate = 'a.pem', key = 'a.key' }")
        .go();
    let found = folder.text("found.json");
    let mut testssl = Command::new("testssl");
    testssl.args(["--quiet", "--warnings", "batch", "--color", "0", "--ip", "one", "--openssl-timeout", "20"]);
    // All but the clients it plays: protocols, suites, their order, what the server says, headers, known holes.
    testssl.args(["-p", "-s", "-f", "-P", "-S", "-h", "-U", "--add-ca", &folder.text("ca.pem"), "--jsonfile", &found]);
    testssl.arg(format!("https://localhost:{}", port(&server, "https")));
    let output = run_within(&mut testssl, LONG);
    let text = std::fs::read_to_string(&found).unwrap_or_else(|error| {
        panic!("{error}: {}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    });
    let findings: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let grave: Vec<_> = findings
        .iter()
        .filter(|it| ["MEDIUM", "HIGH", "CRITICAL", "FATAL"].contains(&it["severity"].as_str().unwrap()))
        .collect();
    assert!(grave.is_empty(), "{grave:#?}");
    // It did look.
    let said = |id: &str| findings.iter().find(|it| it["id"] == id).map(|it| it["finding"].to_string());
    assert!(said("TLS1_3").is_some_and(|it| it.contains("offered")), "{text}");
    assert!(said("heartbleed").is_some() && said("cipher_order").is_some() && said("HSTS_time").is_some(), "{text}");
}

/// It tries some hundred handshakes, one after the other, in a shell.
const LONG: Duration = Duration::from_secs(540);
