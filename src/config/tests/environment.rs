//! Single keys overridden by the environment.

use std::time::Duration;

use super::{MINIMAL, accepted, minimal_with, report};
use crate::config::{Cadence, ZendeskAuth};

fn every(seconds: u64) -> Cadence {
    Cadence::Every(Duration::from_secs(seconds))
}

#[test]
fn overrides_and_adds_keys() {
    let environment = [
        ("ZENDESK_AEP__ZENDESK__SUBDOMAIN", "other"),
        ("ZENDESK_AEP__ZENDESK__PAGE_SIZE", "100"),
        ("ZENDESK_AEP__STREAMS__USERS__EVERY", "1m"),
        ("ZENDESK_AEP__PLATFORM__ORG_ID", "A@AdobeOrg"),
        ("ZENDESK_AEP__PLATFORM__AUTH__CLIENT_ID", "id"),
        ("ZENDESK_AEP__PLATFORM__AUTH__CLIENT_SECRET__ENV", "SECRET"),
        ("ZENDESK_AEP__PLATFORM__AUTH__SCOPES", "openid, session"),
    ];
    let config = accepted(MINIMAL, &environment);
    assert_eq!(config.zendesk.account, "other.zendesk.com");
    assert_eq!(config.zendesk.page_size, 100);
    assert_eq!(config.streams[0].cadence, every(60));
    let scopes = config.platform.auth.map(|auth| auth.scopes);
    assert_eq!(
        scopes,
        Some(vec!["openid".to_owned(), "session".to_owned()])
    );
}

#[test]
fn other_variables_are_no_keys() {
    let environment = [
        ("ZENDESK_AEP_CONFIG", "/etc/x"),
        ("ZENDESK", "1"),
        ("PATH", "/bin"),
    ];
    accepted(MINIMAL, &environment);
}

#[test]
fn the_shared_log_variable_counts_unless_ours_is_set() {
    let shared = ("RUST_LOG", "debug");
    assert_eq!(accepted(MINIMAL, &[shared]).log.level, "debug");
    let ours = ("ZENDESK_AEP__LOG__LEVEL", "warn");
    assert_eq!(accepted(MINIMAL, &[shared, ours]).log.level, "warn");
}

#[test]
fn faults_name_the_variable() {
    let environment = [
        ("ZENDESK_AEP__PLATFORM__HEADERS", "x-a: b"),
        ("ZENDESK_AEP__RETRY__ATTEMPTS", "many"),
        ("ZENDESK_AEP__RETRY__ATTEMPTS__MAX", "5"),
        ("ZENDESK_AEP__STREAMS__USERS__FLOWID", "a"),
        ("ZENDESK_AEP__ZENDESK", "acme"),
        ("ZENDESK_AEP__A__B__C__D__E__F__G__H__I", "a"),
        ("ZENDESK_AEP__", "a"),
    ];
    insta::assert_snapshot!(report(MINIMAL, &environment), @r#"
        the configuration has 7 faults

          environment variable ZENDESK_AEP__: "": unknown key
              the keys here are `attention`, `dead_letters`, `log`, `mapping`, `platform`, `reload_on_change`, `retry`, `schedule`, `shutdown_grace`, `state`, `status`, `streams`, `tls` and `zendesk`
          environment variable ZENDESK_AEP__A__B__C__D__E__F__G__H__I: a.b.c.d.e.f.g.h.i: unknown key
              no section is nested so deep: unset it
          environment variable ZENDESK_AEP__PLATFORM__HEADERS: platform.headers: this is a section, not a single value
              set keys of it, like `ZENDESK_AEP__PLATFORM__HEADERS__KEY`
          environment variable ZENDESK_AEP__RETRY__ATTEMPTS: retry.attempts: the string `many` is not an integer
              write a whole number from 1 to 100
          environment variable ZENDESK_AEP__RETRY__ATTEMPTS__MAX: retry.attempts.max: another variable gives this key, or a section of it, as well
              unset one of the two
          environment variable ZENDESK_AEP__STREAMS__USERS__FLOWID: streams.users.flowid: unknown key
              write `flow_id`
          environment variable ZENDESK_AEP__ZENDESK: zendesk: this is a section, not a single value
              set keys of it, like `ZENDESK_AEP__ZENDESK__KEY`
        "#);
}

#[test]
fn contradicts_the_file_and_wins() {
    let url = ("ZENDESK_AEP__ZENDESK__BASE_URL", "http://localhost:1");
    assert_eq!(accepted(MINIMAL, &[url]).zendesk.account, "localhost:1");

    let scheduled =
        "[schedule]\ncron = \"0 0 * * * *\"\ntimezone = \"Europe/Berlin\"\n[streams.users]";
    let text = minimal_with("[streams.users]", scheduled);
    let every_minute = ("ZENDESK_AEP__SCHEDULE__EVERY", "1m");
    assert_eq!(
        accepted(&text, &[every_minute]).streams[0].cadence,
        every(60)
    );
    let cron = ("ZENDESK_AEP__SCHEDULE__CRON", "1 * * * *");
    let expected = Cadence::Cron {
        expression: "0 1 * * * *".to_owned(),
        timezone: "Europe/Berlin".to_owned(),
    };
    assert_eq!(accepted(&text, &[cron]).streams[0].cadence, expected);

    let environment = [
        ("ZENDESK_AEP__ZENDESK__AUTH__METHOD", "api_token"),
        ("ZENDESK_AEP__ZENDESK__AUTH__EMAIL", "a@example.com"),
        ("ZENDESK_AEP__ZENDESK__AUTH__API_TOKEN__ENV", "TOKEN"),
    ];
    let auth = accepted(MINIMAL, &environment).zendesk.auth;
    assert!(matches!(auth, ZendeskAuth::ApiToken { .. }), "{auth:?}");
}

#[test]
fn contradicts_itself() {
    let environment = [
        ("ZENDESK_AEP__SCHEDULE__EVERY", "1m"),
        ("ZENDESK_AEP__SCHEDULE__CRON", "0 0 * * * *"),
        ("ZENDESK_AEP__ZENDESK__AUTH__EMAIL", "a@example.com"),
    ];
    insta::assert_snapshot!(report(MINIMAL, &environment), @r#"
        the configuration has 2 faults

          environment variable ZENDESK_AEP__SCHEDULE__CRON: schedule.cron: this contradicts `every`, which says when as well
              keep one of the two
          environment variable ZENDESK_AEP__ZENDESK__AUTH__EMAIL: zendesk.auth.email: this key belongs to the method `api_token`
              leave it out, or write `method = "api_token"`
        "#);
}

#[cfg(unix)]
#[test]
fn values_that_are_not_text() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    use std::path::Path;

    let name = "ZENDESK_AEP__STATE__DIRECTORY".to_owned();
    let environment = [(name, OsString::from_vec(vec![0xff]))].into();
    let error = crate::config::resolve(Path::new(super::PATH), MINIMAL, &environment)
        .expect_err("the value is wrong");
    insta::assert_snapshot!(error, @"
        the configuration has 1 fault

          environment variable ZENDESK_AEP__STATE__DIRECTORY: state.directory: the value is not UTF-8 text
              set it to UTF-8 text
        ");
}
