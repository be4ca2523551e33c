//! Secrets are named, never given, and never echoed.

use std::path::PathBuf;

use super::{accepted, faults_with, minimal_with, report};
use crate::config::{Secret, ZendeskAuth};

const TOKEN: &str = "access_token = { env = \"TOKEN\" }";

fn fault(value: &str) -> String {
    faults_with(TOKEN, &format!("access_token = {value}"))
}

fn secret(value: &str, environment: &[(&str, &str)]) -> Secret {
    let text = minimal_with(TOKEN, &format!("access_token = {value}"));
    match accepted(&text, environment).zendesk.auth {
        ZendeskAuth::AccessToken { access_token } => access_token,
        other => panic!("{other:?}"),
    }
}

#[test]
fn faults() {
    let faults = [
        "\"hunter2\"",
        "42424242",
        "{ value = \"hunter2\" }",
        "{ env = \"hunter2!\" }",
        "{ file = 42424242 }",
        "{ file = \"\" }",
        "{ credential = \"../hunter2\" }",
        "{ env = \"A\", file = \"a\" }",
        "{}",
    ]
    .map(fault)
    .join("\n");
    assert!(!faults.contains("hunter2"), "{faults}");
    assert!(!faults.contains("42424242"), "{faults}");
    insta::assert_snapshot!(faults, @r#"
        line 6: zendesk.auth.access_token: a secret is never written into the file
            write `{ file = "…" }`, `{ env = "…" }` or `{ credential = "…" }`
        line 6: zendesk.auth.access_token: a secret is never written into the file
            write `{ file = "…" }`, `{ env = "…" }` or `{ credential = "…" }`
        line 6: zendesk.auth.access_token: no place of the secret is named
            write `{ file = "…" }`, `{ env = "…" }` or `{ credential = "…" }`
        line 6: zendesk.auth.access_token.value: unknown key
            the keys here are `credential`, `env` and `file`
        line 6: zendesk.auth.access_token.env: this is not the name of an environment variable
            write the name of the variable that holds the secret: letters, digits and `_`
        line 6: zendesk.auth.access_token.file: this integer is not a string
            write a string, in quotes
        line 6: zendesk.auth.access_token.file: the string is empty
            write its value, or leave the key out
        line 6: zendesk.auth.access_token.credential: this is not the name of a credential
            write the name given in `LoadCredential=`, without `/`
        line 6: zendesk.auth.access_token: more than one place of the secret is named
            keep one of them
        line 6: zendesk.auth.access_token: no place of the secret is named
            write `{ file = "…" }`, `{ env = "…" }` or `{ credential = "…" }`
        "#);
}

#[test]
fn credentials_need_a_service_manager_only_when_they_are_read() {
    let environment = [("CREDENTIALS_DIRECTORY", "/run/credentials")];
    let credential = |directory| Secret::Credential {
        name: "token".to_owned(),
        directory,
    };
    let expected = credential(Some(PathBuf::from("/run/credentials")));
    assert_eq!(secret("{ credential = \"token\" }", &environment), expected);
    let nowhere = secret("{ credential = \"token\" }", &[]);
    assert_eq!(nowhere, credential(None));
    let error = nowhere.read().expect_err("nobody provides it").to_string();
    assert!(error.contains("CREDENTIALS_DIRECTORY"), "{error}");
}

#[test]
fn relative_paths_begin_at_the_file() {
    let expected = Secret::File(PathBuf::from("/etc/keys/token"));
    assert_eq!(secret("{ file = \"keys/token\" }", &[]), expected);
    let expected = Secret::File(PathBuf::from("/run/token"));
    assert_eq!(secret("{ file = \"/run/token\" }", &[]), expected);
}

#[test]
fn the_environment_decides_where_both_layers_name_a_place() {
    let environment = [("ZENDESK_AEP__ZENDESK__AUTH__ACCESS_TOKEN__FILE", "/run/x")];
    let expected = Secret::File(PathBuf::from("/run/x"));
    assert_eq!(secret("{ env = \"A\" }", &environment), expected);
}

#[test]
fn the_environment_does_not_hold_them_either() {
    let environment = [("ZENDESK_AEP__ZENDESK__AUTH__ACCESS_TOKEN", "hunter2")];
    insta::assert_snapshot!(report(super::MINIMAL, &environment), @"
        the configuration has 1 fault

          environment variable ZENDESK_AEP__ZENDESK__AUTH__ACCESS_TOKEN: zendesk.auth.access_token: a secret is never given itself, only where to find it
              set `ZENDESK_AEP__ZENDESK__AUTH__ACCESS_TOKEN__FILE`, `ZENDESK_AEP__ZENDESK__AUTH__ACCESS_TOKEN__ENV` or `ZENDESK_AEP__ZENDESK__AUTH__ACCESS_TOKEN__CREDENTIAL`
        ");
}
