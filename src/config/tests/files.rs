//! Files that cannot be read at all.

use std::fs;
use std::path::Path;

use super::report;
use crate::config::load;
use crate::limits;

/// What is said of a file, without the directory it happens to be in.
fn refused(directory: &Path, name: &str) -> String {
    let error = load(&directory.join(name)).expect_err("the file is wrong");
    error
        .to_string()
        .replace(&*directory.to_string_lossy(), "DIR")
}

#[test]
fn missing() {
    let directory = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(refused(directory.path(), "none.toml"), @"
        there is no configuration file at `DIR/none.toml`
            name the right file with `--config` or the environment variable `ZENDESK_AEP_CONFIG`
        ");
}

#[test]
fn not_a_file() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("a")).unwrap();
    insta::assert_snapshot!(refused(directory.path(), "a"), @"
        cannot read the configuration file `DIR/a`
            let the user of this program read it, or name the right file with `--config` or the environment variable `ZENDESK_AEP_CONFIG`
        ");
}

#[test]
fn not_text() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.toml"), [0xff, 0xfe]).unwrap();
    insta::assert_snapshot!(refused(directory.path(), "a.toml"), @"
        `DIR/a.toml` is not UTF-8 text, so it is no configuration file
            save it as UTF-8, or name the right file with `--config` or the environment variable `ZENDESK_AEP_CONFIG`
        ");
}

#[test]
fn too_large() {
    let directory = tempfile::tempdir().unwrap();
    let file = fs::File::create(directory.path().join("a.toml")).unwrap();
    file.set_len(limits::FILE_BYTES_MAX + 1).unwrap();
    insta::assert_snapshot!(refused(directory.path(), "a.toml"), @"
        `DIR/a.toml` is larger than 16 MiB, so it is no configuration file
            name the right file with `--config` or the environment variable `ZENDESK_AEP_CONFIG`
        ");
}

#[test]
fn not_toml() {
    insta::assert_snapshot!(report("[zendesk]\nsubdomain = \n", &[]), @"
        /etc/zendesk-aep.toml:2: string values must be quoted, expected literal string
            the file is written in TOML, see https://toml.io
        ");
}

#[test]
fn not_toml_and_a_secret_in_it() {
    let report = report("[zendesk.auth]\nclient_secret = hunter2\n", &[]);
    assert!(!report.contains("hunter2"), "{report}");
    insta::assert_snapshot!(report, @"
        /etc/zendesk-aep.toml:2: string values must be quoted, expected literal string
            the file is written in TOML, see https://toml.io
        ");
}
