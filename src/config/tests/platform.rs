//! `[platform]` and `[platform.auth]`.

use secrecy::ExposeSecret as _;

use super::{INLET, accepted, faults_with, minimal_with, platform};

#[test]
fn inlets() {
    let fault = |value: &str| faults_with(INLET, &format!("inlet_url = \"{value}\"\n"));
    let faults = [
        "https://dcs.adobedc.net/collection/batch/hunter2",
        "https://dcs.adobedc.net/collection/hunter2/",
        "https://dcs.adobedc.net/hunter2",
        "https://dcs.adobedc.net/collection/hunter2?synchronousValidation=true",
        "http://dcs.adobedc.net/collection/hunter2",
    ]
    .map(fault)
    .join("\n");
    assert!(!faults.contains("hunter2"), "{faults}");
    insta::assert_snapshot!(faults, @"
        line 8: platform.inlet_url: this is the batch address of the inlet at `https://dcs.adobedc.net`
            write the one for single messages, `…/collection/{inlet id}`, without `batch/`; the batch address is derived from it
        line 8: platform.inlet_url: `https://dcs.adobedc.net` is not followed by an inlet's path
            write the streaming endpoint of the source connection, `https://dcs.adobedc.net/collection/{inlet id}`
        line 8: platform.inlet_url: `https://dcs.adobedc.net` is not followed by an inlet's path
            write the streaming endpoint of the source connection, `https://dcs.adobedc.net/collection/{inlet id}`
        line 8: platform.inlet_url: the address at `https://dcs.adobedc.net` has a query in it
            write it without
        line 8: platform.inlet_url: `http://dcs.adobedc.net` would receive credentials unencrypted
            write `https://`; plain `http://` is for loopback addresses only
        ");
}

#[test]
fn identities_of_the_platform() {
    insta::assert_snapshot!(platform("org_id = \"ABC\""), @"
        line 9: platform.org_id: `ABC` is not an organization's id
            write it as Adobe's console shows it, with `@AdobeOrg` at its end
        ");
    insta::assert_snapshot!(platform("tenant = \"acme\""), @r#"
        line 9: platform.tenant: `acme` is not a tenant's namespace
            write "_acme"
        "#);
    insta::assert_snapshot!(platform("sandbox_name = \"My Sandbox\""), @"
        line 9: platform.sandbox_name: `My Sandbox` is not a sandbox's name
            write its name, not its title: lower case letters, digits and hyphens
        ");
    insta::assert_snapshot!(platform("endpoint = \"bach\""), @"
        line 9: platform.endpoint: `bach` is none of the choices
            write `batch` or `single`
        ");
    insta::assert_snapshot!(platform("[platform.auth]\nclient_id = \"a\"\nclient_secret.env = \"A\""), @r#"
        line 7: platform.org_id: this key is missing
            write `org_id = "…@AdobeOrg"`: `[platform.auth]` needs it
        "#);
}

#[test]
fn headers() {
    insta::assert_snapshot!(platform(
        "headers = { Authorization = \"hunter2\", HOST = \"h\", \"a b\" = \"hunter2\", x-a = 5, \
         x-b = \"\\n\", x-c = \"1\", X-C = \"2\" }"
    ), @r#"
        line 9: platform.headers.Authorization: this header is set by the program itself
            leave it out; `platform.auth` sets it
        line 9: platform.headers.HOST: this header is set by the program itself
            leave it out
        line 9: platform.headers."a b": this is not a header's name
            write letters, digits and hyphens
        line 9: platform.headers.x-a: this integer is not a string
            write a string, in quotes
        line 9: platform.headers.x-b: the value cannot travel in a header
            write visible ASCII characters only
        line 9: platform.headers.x-c: the header `x-c` is given twice: its case does not matter
            keep one of the two
        "#);
    let text = minimal_with(
        INLET,
        &format!("{INLET}headers = {{ X-Team = \"data\" }}\n"),
    );
    let headers = accepted(&text, &[]).platform.headers;
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.expose_secret()))
        .collect();
    assert_eq!(headers, [("x-team", "data")]);
}
