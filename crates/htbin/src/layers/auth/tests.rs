//! Who comes in, who is asked, and who has to wait.

use std::fs;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{StatusCode, header};

use super::*;

/// `myPassword`, at the least cost there is.
const HASH: &str = "$2b$04$abcdefghijklmnopqrstuuN2f4ZDSoR8/TAG80qUYDM9bRnmRm0Zy";

fn settings(text: &str, require: Require) -> (tempfile::TempDir, Settings) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("users");
    fs::write(&file, text).expect("a file");
    let settings = Settings::new(file, &Shared::default(), "the \"club\"", require).expect("users");
    settings.open().expect("a file");
    (folder, settings)
}

fn client(last: u8) -> End {
    End::Tcp(([192, 0, 2, last], 5).into())
}

async fn asks(settings: &Settings, client: End, user: &str, password: &str) -> Result<User, Refusal> {
    let mut fields = HeaderMap::new();
    let value = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    fields.insert(header::AUTHORIZATION, HeaderValue::try_from(value).expect("a value"));
    enter(settings, client, &fields).await
}

/// A hundred at once.
async fn together(settings: &Settings, client: End, password: impl Fn(usize) -> String) -> Vec<Result<User, Refusal>> {
    let mut all = tokio::task::JoinSet::new();
    for at in 0..100 {
        let (settings, password) = (settings.clone(), password(at));
        all.spawn(async move { asks(&settings, client, "ada", &password).await });
    }
    all.join_all().await
}

#[tokio::test]
async fn a_user_comes_in_and_others_are_asked() {
    let (_folder, settings) = settings(&format!("ada:{HASH}\nbob:{HASH}\n"), Require::ValidUser);
    for _ in 0..2 {
        let user = asks(&settings, client(1), "ada", "myPassword").await.expect("she comes in");
        assert_eq!((user.scheme, &*user.name), ("Basic", "ada"));
    }
    let refusal = enter(&settings, client(1), &HeaderMap::new()).await.expect_err("nobody");
    assert_eq!(refusal.status(), StatusCode::UNAUTHORIZED);
    let (name, value) = refusal.field().expect("a challenge");
    assert_eq!((name, value), {
        let challenge = "Basic realm=\"the \\\"club\\\"\", charset=\"UTF-8\"";
        (header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    });
    for (user, password) in [("ada", "mypassword"), ("eve", "myPassword"), ("ada", "")] {
        let refusal = asks(&settings, client(1), user, password).await.expect_err("not these");
        assert_eq!(refusal.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn only_those_who_are_named() {
    let require = Require::Users(["ada".to_owned()].into());
    let (_folder, settings) = settings(&format!("ada:{HASH}\nbob:{HASH}\n"), require);
    assert!(asks(&settings, client(1), "ada", "myPassword").await.is_ok());
    let refusal = asks(&settings, client(1), "bob", "myPassword").await.expect_err("not he");
    assert_eq!(refusal.status(), StatusCode::UNAUTHORIZED);
    // The same file, another part of the site: what was found out is known there.
    let shared = Settings::new(settings.file.clone(), &settings.door, "all", Require::ValidUser).expect("a realm");
    assert!(asks(&shared, client(1), "bob", "myPassword").await.is_ok());
}

#[tokio::test]
async fn who_guesses_waits_and_who_is_known_does_not() {
    let (_folder, settings) = settings(&format!("ada:{HASH}\n"), Require::ValidUser);
    asks(&settings, client(1), "ada", "myPassword").await.expect("she comes in");
    let mut statuses = Vec::new();
    for guess in 0..8 {
        statuses.push(asks(&settings, client(1), "ada", &guess.to_string()).await.expect_err("a guess").status());
    }
    assert_eq!(statuses[..5], [StatusCode::UNAUTHORIZED; 5]);
    assert_eq!(statuses[7], StatusCode::TOO_MANY_REQUESTS);
    let refusal = asks(&settings, client(1), "ada", "again").await.expect_err("a guess");
    assert_eq!(refusal.field().map(|(name, _)| name), Some(header::RETRY_AFTER));
    asks(&settings, client(1), "ada", "myPassword").await.expect("her password is known");
    assert_eq!(asks(&settings, client(2), "ada", "x").await.expect_err("a guess").status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn guesses_that_come_together_are_counted_one_by_one() {
    let (_folder, settings) = settings(&format!("ada:{HASH}\n"), Require::ValidUser);
    let answers = together(&settings, client(1), |at| format!("guess {at}")).await;
    let looked_at = answers.iter().filter(|it| it.as_ref().is_err_and(|it| it.status() == StatusCode::UNAUTHORIZED));
    // Five, and those that were begun before the wait of a second showed.
    assert!(looked_at.count() <= 5 + AT_ONCE_MAX, "{answers:?}");
    let answers = together(&settings, client(2), |_| "myPassword".to_owned()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}

#[tokio::test]
async fn the_file_is_read_again_and_what_was_known_is_forgotten() {
    let (folder, settings) = settings(&format!("ada:{HASH}\n"), Require::ValidUser);
    let file = folder.path().join("users");
    asks(&settings, client(1), "ada", "myPassword").await.expect("she comes in");
    let deadline = Instant::now() + std::time::Duration::from_secs(60);
    let until = async |wanted: Option<StatusCode>, user: &str| loop {
        let status = asks(&settings, client(1), user, "myPassword").await.err().map(|refusal| refusal.status());
        if status == wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{status:?} where {wanted:?} was to come");
        tokio::task::yield_now().await;
    };
    fs::write(&file, format!("bob:{HASH}\n")).expect("a file");
    until(None, "bob").await;
    assert!(asks(&settings, client(3), "ada", "myPassword").await.is_err());
    // Nobody knows who was to be taken out.
    fs::remove_file(&file).expect("a file");
    until(Some(StatusCode::INTERNAL_SERVER_ERROR), "bob").await;
    fs::write(&file, format!("bob:{HASH}\n")).expect("a file");
    until(None, "bob").await;
}

#[test]
fn a_realm_is_text() {
    for realm in ["a\r\nX-Evil: 1", "a\0", "schön", "\x7f"] {
        assert!(challenge(realm).is_none(), "{realm:?}");
    }
    let nowhere = Settings::new("/nowhere/users".into(), &Shared::default(), "x", Require::ValidUser).expect("a realm");
    assert!(matches!(nowhere.open(), Err(Error::Unreadable { .. })));
}
