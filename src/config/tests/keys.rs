//! Each kind of fault that a key of any section can have.

use super::{MINIMAL, SUBDOMAIN, accepted, faults_with, minimal_with, platform, report, zendesk};

/// The faults of a further section.
fn section(text: &str) -> String {
    faults_with("[streams.users]", &format!("{text}\n[streams.users]"))
}

#[test]
fn several_faults_are_reported_at_once_in_order_of_their_lines() {
    let text = r#"shutdown_grace = 30
[zendesk]
subdomian = "acme"
page_size = "100"
[zendesk.auth]
method = "client_credentials"
client_secret = "hunter2"
[streams.user]
[retry]
attempts = 0
"#;
    let environment = [("ZENDESK_AEP__SCHEDULE__EVERY", "5x")];
    insta::assert_snapshot!(report(text, &environment), @r#"
        the configuration has 9 faults

          /etc/zendesk-aep.toml: platform.inlet_url: this key is missing
              write the streaming endpoint of the source connection, `https://dcs.adobedc.net/collection/{inlet id}`
          /etc/zendesk-aep.toml:1: shutdown_grace: `30` has no unit
              write it with one, like "30s"
          /etc/zendesk-aep.toml:3: zendesk.subdomian: unknown key
              write `subdomain`
          /etc/zendesk-aep.toml:4: zendesk.page_size: the string `100` is not an integer
              write a whole number from 1 to 1000
          /etc/zendesk-aep.toml:5: zendesk.auth.client_id: this key is missing
              write the unique identifier of the OAuth client, from the Admin Center
          /etc/zendesk-aep.toml:7: zendesk.auth.client_secret: a secret is never written into the file
              write `{ file = "…" }`, `{ env = "…" }` or `{ credential = "…" }`
          /etc/zendesk-aep.toml:8: streams.user: unknown key
              write `users`
          /etc/zendesk-aep.toml:10: retry.attempts: `0` is out of range
              write a whole number from 1 to 100
          environment variable ZENDESK_AEP__SCHEDULE__EVERY: schedule.every: `5x` is not a duration
              write a number with a unit, like "90s", "5m" or "1h"; the units are `ms`, `s`, `m`, `h` and `d`
        "#);
}

#[test]
fn an_empty_file_is_told_all_it_lacks() {
    insta::assert_snapshot!(report("", &[]), @r#"
        the configuration has 4 faults

          /etc/zendesk-aep.toml: zendesk.subdomain: this key is missing
              write `subdomain = "acme"` for https://acme.zendesk.com, or `base_url`
          /etc/zendesk-aep.toml: zendesk.auth.method: this key is missing
              write `method = "client_credentials"`, `"access_token"` or `"api_token"`
          /etc/zendesk-aep.toml: platform.inlet_url: this key is missing
              write the streaming endpoint of the source connection, `https://dcs.adobedc.net/collection/{inlet id}`
          /etc/zendesk-aep.toml: streams: no stream is named, so there is nothing to do
              write a section for one, like `[streams.users]`
        "#);
}

#[test]
fn unknown_keys() {
    insta::assert_snapshot!(zendesk("pagesize = 5"), @"
        line 4: zendesk.pagesize: unknown key
            write `page_size`
        ");
    insta::assert_snapshot!(zendesk("colour = 5"), @"
        line 4: zendesk.colour: unknown key
            the keys here are `auth`, `base_url`, `connect_timeout`, `idle_timeout`, `page_size`, `quota`, `request_timeout` and `subdomain`
        ");
    insta::assert_snapshot!(section("[metrics]\nport = 1"), @"
        line 9: metrics: unknown key
            the keys here are `attention`, `dead_letters`, `log`, `mapping`, `platform`, `reload_on_change`, `retry`, `schedule`, `shutdown_grace`, `state`, `status`, `streams`, `tls` and `zendesk`
        ");
    insta::assert_snapshot!(section("\"state.directory\" = 1"), @r#"
        line 9: platform."state.directory": unknown key
            the keys here are `api_url`, `auth`, `batch_bytes`, `connect_timeout`, `endpoint`, `headers`, `idle_timeout`, `in_flight`, `inlet_url`, `max_messages_per_second`, `org_id`, `request_timeout`, `sandbox_name` and `tenant`
        "#);
}

#[test]
fn wrong_types() {
    insta::assert_snapshot!(zendesk("page_size = \"100\""), @"
        line 4: zendesk.page_size: the string `100` is not an integer
            write a whole number from 1 to 1000
        ");
    insta::assert_snapshot!(zendesk("page_size = 2.5"), @"
        line 4: zendesk.page_size: the decimal number `2.5` is not an integer
            write a whole number from 1 to 1000
        ");
    insta::assert_snapshot!(zendesk("connect_timeout = true"), @r#"
        line 4: zendesk.connect_timeout: the boolean `true` is not a duration
            write a number with a unit, like "90s", "5m" or "1h"
        "#);
    insta::assert_snapshot!(faults_with(SUBDOMAIN, "subdomain = [\"acme\"]\n"), @"
        line 3: zendesk.subdomain: a list is not a string
            write a string, in quotes
        ");
    insta::assert_snapshot!(report(&format!("log = 5\n{MINIMAL}"), &[]), @"
        the configuration has 1 fault

          /etc/zendesk-aep.toml:1: log: this is a section, not a single value
              write a table: `[log]`, and its keys below
        ");
    insta::assert_snapshot!(section("[[retry]]"), @"
        line 9: retry: this is a section, not a single value
            write a table: `[retry]`, and its keys below
        ");
}

#[test]
fn integers_out_of_range() {
    insta::assert_snapshot!(zendesk("page_size = 0"), @"
        line 4: zendesk.page_size: `0` is out of range
            write a whole number from 1 to 1000
        ");
    insta::assert_snapshot!(zendesk("page_size = 99999999999999999999"), @"
        line 4: zendesk.page_size: `99999999999999999999` is out of range
            write a whole number from 1 to 1000
        ");
}

#[test]
fn durations() {
    insta::assert_snapshot!(zendesk("connect_timeout = 10"), @r#"
        line 4: zendesk.connect_timeout: `10` has no unit
            write it with one, like "10s"
        "#);
    insta::assert_snapshot!(zendesk("connect_timeout = \"10\""), @r#"
        line 4: zendesk.connect_timeout: `10` has no unit
            write it with one, like "10s"
        "#);
    insta::assert_snapshot!(zendesk("connect_timeout = \"ten seconds\""), @r#"
        line 4: zendesk.connect_timeout: `ten seconds` is not a duration
            write a number with a unit, like "90s", "5m" or "1h"
        "#);
    insta::assert_snapshot!(zendesk("connect_timeout = \"1h30m\""), @r#"
        line 4: zendesk.connect_timeout: `1h30m` is not a duration
            write a number with a unit, like "90s", "5m" or "1h"; the units are `ms`, `s`, `m`, `h` and `d`
        "#);
    insta::assert_snapshot!(zendesk("connect_timeout = \"0s\""), @r#"
        line 4: zendesk.connect_timeout: `0s` is too short
            write "1ms" or more
        "#);
    insta::assert_snapshot!(zendesk("connect_timeout = \"18446744073709551615d\""), @"
        line 4: zendesk.connect_timeout: `18446744073709551615d` is too long
            write a year or less
        ");
    insta::assert_snapshot!(section("[schedule]\nevery = \"999ms\""), @r#"
        line 10: schedule.every: `999ms` is too short
            write "1s" or more
        "#);
}

#[test]
fn sizes() {
    insta::assert_snapshot!(platform("batch_bytes = 950"), @r#"
        line 9: platform.batch_bytes: `950` has no unit
            write it with one, like "950B"
        "#);
    insta::assert_snapshot!(platform("batch_bytes = \"1MB\""), @r#"
        line 9: platform.batch_bytes: `1MB` is out of range
            write a size from "1000B" to "999999B"
        "#);
    insta::assert_snapshot!(platform("batch_bytes = \"1 mb\""), @r#"
        line 9: platform.batch_bytes: `1 mb` is not a size
            write a number with a unit, like "950kB", "1MB" or "64MiB"; the units are `B`, `kB`, `MB`, `GB`, `KiB`, `MiB` and `GiB`
        "#);
    insta::assert_snapshot!(section("[dead_letters]\nmax_size = \"1kB\""), @r#"
        line 10: dead_letters.max_size: `1kB` is out of range
            write "1000000B" or more
        "#);
    let text = minimal_with(
        "[streams.users]",
        "[dead_letters]\nmax_size = \"2MiB\"\n[streams.users]",
    );
    assert_eq!(accepted(&text, &[]).dead_letters.max_size, 2 * 1024 * 1024);
    assert_eq!(accepted(&text, &[]).dead_letters.keep, None);
    insta::assert_snapshot!(section("[dead_letters]\nkeep = \"1h\""), @r#"
        line 10: dead_letters.keep: `1h` is too short
            write "86400s" or more
        "#);
}

#[test]
fn delays() {
    insta::assert_snapshot!(section("[retry]\ninitial_delay = \"2m\""), @r#"
        line 9: retry.max_delay: `60s` is below `initial_delay`, `120s`
            write "120s" or more, or a smaller `initial_delay`
        "#);
}

#[test]
fn levels() {
    insta::assert_snapshot!(section("[log]\nlevel = \"inof\""), @"
        line 10: log.level: `inof` is not a level
            write `error`, `warn`, `info`, `debug`, `trace` or `off`, or pairs like `info,zendesk_aep::zendesk=debug`
        ");
    insta::assert_snapshot!(section("[log]\nlevel = \"info,hyper=loud\""), @"
        line 10: log.level: `info,hyper=loud` is not a level
            write `error`, `warn`, `info`, `debug`, `trace` or `off`, or pairs like `info,zendesk_aep::zendesk=debug`
        ");
    let log = |level: &str| format!("[log]\nlevel = \"{level}\"\n[streams.users]");
    for level in ["debug", "info,hyper=warn", "off"] {
        let text = minimal_with("[streams.users]", &log(level));
        assert_eq!(accepted(&text, &[]).log.level, level);
    }
}

#[test]
fn quoted_values_are_short_and_cannot_forge_lines() {
    let value = format!("a\\n\\u001b[2J{}", "b".repeat(200));
    insta::assert_snapshot!(faults_with(SUBDOMAIN, &format!("subdomain = \"{value}\"\n")), @r#"
        line 3: zendesk.subdomain: `a\n\u{1b}[2Jbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…` is not a subdomain
            write the `acme` of https://acme.zendesk.com: lower case letters, digits and hyphens
        "#);
}

#[test]
fn the_minimum_is_enough() {
    let config = accepted(MINIMAL, &[]);
    assert_eq!(
        config.zendesk.base_url.as_str(),
        "https://acme.zendesk.com/"
    );
}
