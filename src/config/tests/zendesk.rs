//! `[zendesk]`, `[zendesk.auth]` and `[zendesk.quota]`.

use super::{SUBDOMAIN, accepted, faults_with, minimal_with, zendesk};

const METHOD: &str = "method = \"access_token\"\n";

#[test]
fn subdomains() {
    let fault = |value: &str| faults_with(SUBDOMAIN, &format!("subdomain = \"{value}\"\n"));
    insta::assert_snapshot!(fault("https://acme.zendesk.com/agent"), @"
        line 3: zendesk.subdomain: `https://acme.zendesk.com/agent` is not a subdomain
            write `acme`
        ");
    insta::assert_snapshot!(fault("acme.zendesk.com"), @"
        line 3: zendesk.subdomain: `acme.zendesk.com` is not a subdomain
            write `acme`
        ");
    insta::assert_snapshot!(fault("Acme"), @"
        line 3: zendesk.subdomain: `Acme` is not a subdomain
            write `acme`
        ");
    insta::assert_snapshot!(fault("acme corp"), @"
        line 3: zendesk.subdomain: `acme corp` is not a subdomain
            write the `acme` of https://acme.zendesk.com: lower case letters, digits and hyphens
        ");
    insta::assert_snapshot!(zendesk("base_url = \"https://acme.zendesk.com\""), @"
        line 4: zendesk.base_url: this contradicts `subdomain`, which names an address as well
            keep one of the two
        ");
}

#[test]
fn base_urls() {
    let fault = |value: &str| faults_with(SUBDOMAIN, &format!("base_url = \"{value}\"\n"));
    insta::assert_snapshot!(fault("acme.zendesk.com"), @r#"
        line 3: zendesk.base_url: this is not an address: relative URL without a base
            write an address with its scheme, like "https://example.com"
        "#);
    insta::assert_snapshot!(fault("http://acme.zendesk.com"), @"
        line 3: zendesk.base_url: `http://acme.zendesk.com` would receive credentials unencrypted
            write `https://`; plain `http://` is for loopback addresses only
        ");
    insta::assert_snapshot!(fault("ftp://acme.zendesk.com"), @"
        line 3: zendesk.base_url: `ftp:` is not a scheme this program speaks
            write an address that begins with `https://`
        ");
    insta::assert_snapshot!(fault("https://acme.zendesk.com/api/v2"), @r#"
        line 3: zendesk.base_url: `https://acme.zendesk.com` is followed by a path
            write "https://acme.zendesk.com"
        "#);
    insta::assert_snapshot!(fault("https://acme.zendesk.com?a=b"), @"
        line 3: zendesk.base_url: the address at `https://acme.zendesk.com` has a query in it
            write it without
        ");
    insta::assert_snapshot!(fault("https://user:hunter2@acme.zendesk.com"), @"
        line 3: zendesk.base_url: the address at `https://acme.zendesk.com` has a user name or password in it
            write it without
        ");
}

#[test]
fn loopback_may_be_plain_and_its_port_names_the_account() {
    for (url, account) in [
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://127.1.2.3/", "127.1.2.3"),
        ("http://[::1]:80", "[::1]"),
        ("http://localhost:8080", "localhost:8080"),
        ("https://acme.zendesk.com:443", "acme.zendesk.com"),
    ] {
        let text = minimal_with(SUBDOMAIN, &format!("base_url = \"{url}\"\n"));
        assert_eq!(accepted(&text, &[]).zendesk.account, account);
    }
}

#[test]
fn methods_of_signing_in() {
    insta::assert_snapshot!(faults_with(METHOD, ""), @r#"
        line 4: zendesk.auth.method: this key is missing
            write `method = "client_credentials"`, `"access_token"` or `"api_token"`
        "#);
    insta::assert_snapshot!(faults_with(METHOD, "method = \"password\"\n"), @"
        line 5: zendesk.auth.method: `password` is none of the choices
            write `client_credentials`, `access_token` or `api_token`
        ");
    insta::assert_snapshot!(faults_with(METHOD, "method = \"api_token\"\n"), @r#"
        line 4: zendesk.auth.email: this key is missing
            write the address of a verified user of the account
        line 4: zendesk.auth.api_token: this key is missing
            write `{ file = "…" }`, `{ env = "…" }` or `{ credential = "…" }`
        line 6: zendesk.auth.access_token: this key belongs to the method `access_token`
            leave it out, or write `method = "access_token"`
        "#);
    insta::assert_snapshot!(faults_with(METHOD, "method = \"access_token\"\nemail = \"a@b\"\n"), @r#"
        line 6: zendesk.auth.email: this key belongs to the method `api_token`
            leave it out, or write `method = "api_token"`
        "#);
}

#[test]
fn shares_of_the_quota() {
    let quota = |text: &str| zendesk(&format!("[zendesk.quota]\n{text}"));
    insta::assert_snapshot!(quota("share = 0"), @"
        line 5: zendesk.quota.share: `0` is out of range
            write a number above 0 and at most 1, like 0.8
        ");
    insta::assert_snapshot!(quota("share = 80"), @"
        line 5: zendesk.quota.share: `80` is out of range
            write a number above 0 and at most 1, like 0.8
        ");
    insta::assert_snapshot!(quota("share = nan"), @"
        line 5: zendesk.quota.share: `NaN` is out of range
            write a number above 0 and at most 1, like 0.8
        ");
    insta::assert_snapshot!(quota("share = \"80 %\""), @"
        line 5: zendesk.quota.share: the string `80 %` is not a part of a whole
            write a number above 0 and at most 1, like 0.8
        ");
    let share = |text: &str| {
        let text = format!("{SUBDOMAIN}[zendesk.quota]\n{text}\n");
        let quota = accepted(&minimal_with(SUBDOMAIN, &text), &[]).zendesk.quota;
        quota.share
    };
    assert!((share("share = 1") - 1.0).abs() < f64::EPSILON);
    assert!((share("") - 0.8).abs() < f64::EPSILON);
    let environment = [("ZENDESK_AEP__ZENDESK__QUOTA__SHARE", "0.25")];
    let quota = accepted(super::MINIMAL, &environment).zendesk.quota;
    assert!((quota.share - 0.25).abs() < f64::EPSILON);
}

#[test]
fn hours_with_a_share_of_their_own() {
    let reserve = |text: &str| zendesk(&format!("[zendesk.quota]\nreserve = {text}"));
    insta::assert_snapshot!(reserve("0.5"), @r#"
        line 5: zendesk.quota.reserve: the decimal number `0.5` is not a list of hours
            write tables like [{ from = "08:00", to = "18:00", share = 0.5 }]
        "#);
    insta::assert_snapshot!(reserve("[0.5]"), @r#"
        line 5: zendesk.quota.reserve: entry 1 is not a table
            write tables like [{ from = "08:00", to = "18:00", share = 0.5 }]
        "#);
    insta::assert_snapshot!(reserve(r#"[{ from = "08:00", share = 0.5 }]"#), @r#"
        line 5: zendesk.quota.reserve: entry 1: `to` is missing
            write tables like [{ from = "08:00", to = "18:00", share = 0.5 }]
        "#);
    insta::assert_snapshot!(reserve(r#"[{ from = "08:00", to = "18:00", shares = 0.5 }]"#), @"
        line 5: zendesk.quota.reserve: entry 1: unknown key `shares`
            write `share`
        ");
    insta::assert_snapshot!(reserve(r#"[{ from = "8", to = "18:00", share = 0.5 }]"#), @r#"
        line 5: zendesk.quota.reserve: entry 1: `8` is not an hour of the day
            write hours and minutes, like "08:00" or "18:30"
        "#);
    insta::assert_snapshot!(reserve(r#"[{ from = "08:00", to = "08:00", share = 0.5 }]"#), @r#"
        line 5: zendesk.quota.reserve: entry 1: `from` and `to` are the same
            write the hours between them; the whole day is "00:00" to "24:00"
        "#);
    insta::assert_snapshot!(reserve(r#"[{ from = "22:00", to = "06:00", share = 1 }, { from = "05:59", to = "08:00", share = 0.5 }]"#), @"
        line 5: zendesk.quota.reserve: the entries 1 and 2 overlap
            let each hour belong to one entry at most
        ");
    insta::assert_snapshot!(reserve(r#"[{ from = "00:00", to = "06:00", share = 1 }, { from = "08:00", to = "09:00", timezone = "Europe/Berlin", share = 0.5 }]"#), @"
        line 5: zendesk.quota.reserve: the entries are in different time zones, so whether they overlap changes over the year
            write them all in one zone
        ");
    let text =
        r#"reserve = [{ from = "08:00", to = "18:00", timezone = "Europe/Berlin", share = 0.5 }]"#;
    let text = format!("{SUBDOMAIN}[zendesk.quota]\n{text}\n");
    let quota = accepted(&minimal_with(SUBDOMAIN, &text), &[]).zendesk.quota;
    let share = |time: &str| quota.share_at(time.parse().expect("a time"));
    // Berlin is two hours ahead in summer, one in winter.
    assert!((share("2026-07-01T06:30:00Z") - 0.5).abs() < f64::EPSILON);
    assert!((share("2026-01-01T06:30:00Z") - 0.8).abs() < f64::EPSILON);
}
