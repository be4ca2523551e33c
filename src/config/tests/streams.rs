//! `[streams.NAME]` and `[schedule]`.

use std::time::Duration;

use super::{accepted, faults_with, minimal_with};
use crate::catalogue::{StreamEnd, TimeUnit};
use crate::config::{Cadence, Export, Mapping, Parameters, SchemaPlace, Stream, Validate, Wrap};

const FLOW: &str = "flow_id = \"flow\"\n";

/// The faults of further lines in `[streams.users]`.
fn fault(lines: &str) -> String {
    faults_with(FLOW, &format!("{FLOW}{lines}\n"))
}

/// The stream with further lines.
fn stream(lines: &str) -> Stream {
    let text = minimal_with(FLOW, &format!("{FLOW}{lines}\n"));
    accepted(&text, &[]).streams.remove(0)
}

#[test]
fn names() {
    insta::assert_snapshot!(faults_with("[streams.users]", "[streams.usres]"), @"
        line 9: streams.usres: unknown key
            write `users`
        ");
    insta::assert_snapshot!(faults_with("[streams.users]\nflow_id = \"flow\"\n", "[streams]"), @"
        line 9: streams: no stream is named, so there is nothing to do
            write a section for one, like `[streams.users]`
        ");
}

#[test]
fn defaults() {
    let stream = stream("");
    assert_eq!(stream.spec.name, "users");
    let path = "/api/v2/incremental/users/cursor.json".into();
    assert_eq!(stream.export, Export::Incremental { path });
    assert_eq!(stream.start, None);
    assert_eq!(stream.end, None);
    assert!(matches!(stream.mapping, Mapping::Raw { wrap: None }));
    assert_eq!((stream.privacy, stream.validate), (None, Validate::Fields));
    assert_eq!(stream.flow_id.as_deref(), Some("flow"));
    assert_eq!(stream.cadence, Cadence::Every(Duration::from_secs(300)));
    assert_eq!(stream.overlap, Duration::from_secs(600));
}

#[test]
fn wrappers() {
    let stream = stream("wrap = \"result\"");
    let wrap = Some(Wrap::Result);
    assert!(matches!(stream.mapping, Mapping::Raw { wrap: found } if found == wrap));
    insta::assert_snapshot!(fault("wrap = \"results\""), @"
        line 11: streams.users.wrap: `results` is none of the choices
            write `result`
        ");
    insta::assert_snapshot!(fault("mapping = \"adobe-source-compatible\"\nwrap = \"result\""), @r#"
        line 7: platform.org_id: this key is missing
            write the organization's id: the mapping `adobe-source-compatible` needs it
        line 7: platform.tenant: this key is missing
            write the tenant's namespace: the mapping `adobe-source-compatible` needs it
        line 9: streams.users.dataset_id: this key is missing
            write the dataset's id: the mapping `adobe-source-compatible` needs it
        line 9: streams.users.schema_id: this key is missing
            write the schema's `$id`: the mapping `adobe-source-compatible` needs it
        line 12: streams.users.wrap: only records that are sent as they are can be wrapped
            leave it out, or write `mapping = "raw"`
        "#);
    insta::assert_snapshot!(faults_with("[streams.users]", "[streams.tags]\nflow_id = \"t\"\nwrap = \"result\"\n[streams.users]"), @"
        line 11: streams.tags.wrap: records of this stream are no results of a search, which alone are wrapped so
            leave it out
        ");
}

#[test]
fn ends() {
    insta::assert_snapshot!(fault("start = 2025-01-31T00:00:00Z\nend = 2025-01-31T00:00:00Z"), @"
        line 12: streams.users.end: it is not after `start`, 2025-01-31T00:00:00Z, so there is nothing to read
            write a later moment, or leave it out to read on for ever
        ");
    assert_eq!(
        stream("end = 2025-01-31T00:00:00Z").end,
        "2025-01-31T00:00:00Z".parse().ok()
    );
}

#[test]
fn starts() {
    insta::assert_snapshot!(fault("start = \"2025-01-31T00:00:00\""), @r#"
        line 11: streams.users.start: `2025-01-31T00:00:00` does not say in which offset from UTC
            write "2025-01-31T00:00:00Z" for UTC, or the offset, like "2025-01-31T00:00:00+02:00"
        "#);
    insta::assert_snapshot!(fault("start = 2025-01-31"), @r#"
        line 11: streams.users.start: `2025-01-31` does not say in which offset from UTC
            write "2025-01-31T00:00:00Z" for UTC, or the offset, like "2025-01-31T00:00:00+02:00"
        "#);
    insta::assert_snapshot!(fault("start = \"yesterday\""), @r#"
        line 11: streams.users.start: `yesterday` is not a date-time
            write a date, a time and its offset, like "2025-01-31T00:00:00Z"
        "#);
    let expected = "2025-01-30T22:00:00Z".parse().ok();
    assert_eq!(stream("start = 2025-01-31T00:00:00+02:00").start, expected);
    assert_eq!(
        stream("start = \"2025-01-31T00:00:00+02:00\"").start,
        expected
    );
}

#[test]
fn exports() {
    insta::assert_snapshot!(fault("settle = \"5m\""), @r#"
        line 11: streams.users.settle: this key belongs to the search export
            leave it out, or write `export = "search"`
        "#);
    let search = stream("export = \"search\"\nsettle = \"1m\"").export;
    let settle = Duration::from_secs(60);
    assert_eq!(
        search,
        Export::Search {
            search_type: "user".into(),
            terms: None,
            settle
        }
    );
    assert_eq!(stream("overlap = \"0s\"").overlap, Duration::ZERO);
    insta::assert_snapshot!(fault("export = \"time\""), @"
        line 11: streams.users.export: `time` is none of the choices
            write `incremental`, `search` or `list`
        ");
    let text = minimal_with("[streams.users]", "[streams.organizations]");
    let export = accepted(&text, &[]).streams.remove(0).export;
    assert_eq!(
        export,
        Export::Time {
            path: "/api/v2/incremental/organizations.json".into(),
            unit: TimeUnit::Seconds,
            end: StreamEnd::EndOfStream,
            size: Some("per_page".into()),
        }
    );
}

#[test]
fn parameters() {
    insta::assert_snapshot!(fault("exclude_deleted = true"), @"
        line 11: streams.users.exclude_deleted: zendesk has no such parameter for this stream
            leave the key out; it is for `tickets` and `ticket_metric_events`
        ");
    insta::assert_snapshot!(fault("support_type_scope = \"all\""), @"
        line 11: streams.users.support_type_scope: zendesk has no such parameter for this stream
            leave the key out; it is for `tickets`, `deleted_tickets` and `ticket_events`
        ");
    insta::assert_snapshot!(fault("include = \"roles\""), @r#"
        line 11: streams.users.include: the string `roles` is not a list of words
            write words in quotes, like ["openid", "session"]
        "#);
    insta::assert_snapshot!(fault("query = \"role:agent\""), @r#"
        line 11: streams.users.query: this key belongs to the search export
            leave it out, or write `export = "search"`
        "#);
    let search = "export = \"search\"\n";
    insta::assert_snapshot!(fault(&format!("{search}brands = [\"Acme\"]")), @"
        line 12: streams.users.brands: only tickets are of a brand
            leave the key out
        ");
    insta::assert_snapshot!(fault(&format!("{search}query = \"role:agent updated>1day\"")), @"
        line 12: streams.users.query: `updated` is part of every query already: windows and types are ours
            leave that term out; `start` says from when on
        ");
    assert_eq!(stream("").parameters, Parameters::default());
    assert_eq!(
        stream("include = [\"roles\", \"abilities\"]")
            .parameters
            .include,
        ["roles", "abilities"]
    );
    let text = minimal_with(
        "[streams.users]",
        "[streams.tickets]\nsupport_type_scope = \"all\"\nexclude_deleted = true\nflow_id = \"t\"\n[streams.users]",
    );
    let tickets = accepted(&text, &[]).streams.remove(0);
    assert_eq!(tickets.parameters.support_type_scope, Some("all"));
    assert!(tickets.parameters.exclude_deleted);
    let text = minimal_with(
        "[streams.users]",
        "[streams.tickets]\nexport = \"search\"\nquery = \"priority:high\"\nbrands = [\"Acme\", \"Acme Shop\"]\nflow_id = \"t\"\n[streams.users]",
    );
    let Export::Search { terms, .. } = accepted(&text, &[]).streams.remove(0).export else {
        panic!("by search")
    };
    assert_eq!(
        terms.as_deref(),
        Some(r#"priority:high brand:"Acme" brand:"Acme Shop""#)
    );
}

#[test]
fn members_are_read_with_their_parents() {
    let member = |text: &str| faults_with("[streams.users]", &format!("{text}\n[streams.users]"));
    insta::assert_snapshot!(member("[streams.ticket_metrics]\nflow_id = \"m\""), @"
        line 9: streams.ticket_metrics: this stream is read with `tickets`, which is not configured
            write a section `[streams.tickets]` too
        ");
    insta::assert_snapshot!(member("[streams.user_identities]\nflow_id = \"i\"\nevery = \"1m\""), @"
        line 11: streams.user_identities.every: unknown key
            the keys here are `dataset_id`, `flow_id`, `mapping`, `mapping_file`, `preset`, `privacy`, `schema_file`, `schema_id`, `validate` and `wrap`
        ");
    insta::assert_snapshot!(faults_with(FLOW, &format!("{FLOW}export = \"search\"\n[streams.user_identities]\nflow_id = \"i\"\n")), @"
        line 12: streams.user_identities: this stream is part of the incremental export of its parent, which is read otherwise
            leave this section out, or `export` and `back_fill` in the parent's
        ");
    let text = minimal_with(
        FLOW,
        &format!("{FLOW}[streams.user_identities]\nflow_id = \"i\"\n"),
    );
    let streams = accepted(&text, &[]).streams;
    assert_eq!(streams.len(), 2);
    assert_eq!(streams[1].export, Export::WithParent);
}

#[test]
fn a_stream_may_be_read_for_others_only() {
    let text = minimal_with(
        FLOW,
        "deliver = false\n[streams.user_identities]\nflow_id = \"i\"\n",
    );
    let streams = accepted(&text, &[]).streams;
    assert_eq!([streams[0].deliver, streams[1].deliver], [false, true]);
    insta::assert_snapshot!(fault("deliver = false"), @"
        line 9: streams.users: this stream is not delivered, and no other one is read with it
            leave this section out, or `deliver`
        ");
}

#[test]
fn rules_of_privacy() {
    insta::assert_snapshot!(fault("privacy = { drop = \"notes\", hash = [\"a..b\"], mask = { \"c[0]\" = \"full\", d = \"half\" }, alow = [] }"), @r#"
        line 11: streams.users.privacy.drop: the string `notes` is not a list of paths
            write paths in quotes, like ["notes", "identityMap.Email.id"]
        line 11: streams.users.privacy.hash: `a..b` is not a path
            write names with dots between them, `*` for any name, without the indexes of lists; a name with a dot in it in double quotes
        line 11: streams.users.privacy.mask."c[0]": `c[0]` is not a path
            write names with dots between them, `*` for any name, without the indexes of lists; a name with a dot in it in double quotes
        line 11: streams.users.privacy.mask.d: `half` is none of the choices
            write `full`, `domain`, `last4` or `initial`
        line 11: streams.users.privacy.alow: unknown key
            write `allow`
        "#);
    insta::assert_snapshot!(fault("privacy.hash = [\"email\"]"), @r#"
        line 11: streams.users.privacy.hash_key: this key is missing
            write `{ file = "…" }`, `{ env = "…" }` or `{ credential = "…" }`
        "#);
    let common =
        "[mapping.privacy]\ndrop = [\"notes\", 'identityMap.\"Phone_E.164\".*']\n[streams.users]";
    let text = minimal_with("[streams.users]", common);
    let drop = |text: &str| {
        let privacy = accepted(text, &[]).streams.remove(0).privacy;
        let drop = privacy.expect("rules").drop;
        drop.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(drop(&text), ["notes", "identityMap.\"Phone_E.164\".*"]);
    let own = text.replace(FLOW, &format!("{FLOW}privacy.drop = [\"details\"]\n"));
    assert_eq!(drop(&own), ["details"]);
}

#[test]
fn levels_of_validation() {
    insta::assert_snapshot!(fault("validate = \"strict\""), @"
        line 11: streams.users.validate: `strict` is none of the choices
            write `off`, `fields` or `schema`
        ");
    assert_eq!(stream("validate = \"off\"").validate, Validate::Off);
    insta::assert_snapshot!(fault("validate = \"schema\""), @"
        line 11: streams.users.validate: raw messages are mapped by the platform: no schema is theirs
            leave it out, or write another `mapping`
        ");
    insta::assert_snapshot!(fault("schema_file = \"x.json\""), @r#"
        line 11: streams.users.schema_file: this key belongs to `validate = "schema"`
            leave it out, or write `validate = "schema"`
        "#);
}

#[test]
fn places_of_schemas() {
    let ids = "mapping = \"adobe-source-compatible\"\ndataset_id = \"d\"\nschema_id = \"s\"\nvalidate = \"schema\"\n";
    let text = minimal_with(FLOW, ids).replace(
        "[platform]\n",
        "[platform]\norg_id = \"A@AdobeOrg\"\ntenant = \"_a\"\n",
    );
    insta::assert_snapshot!(super::report(&text, &[]), @"
        the configuration has 1 fault

          /etc/zendesk-aep.toml:7: platform.auth: this key is missing
              write the credential that may read the Schema Registry, or a `schema_file` for the stream
        ");
    let validate = |text: &str| accepted(text, &[]).streams.remove(0).validate;
    let file = format!("{text}schema_file = \"x.json\"\n");
    let path = "/etc/x.json".into();
    assert_eq!(validate(&file), Validate::Schema(SchemaPlace::File(path)));
    let signed_in = text.replace(
        "[streams.users]",
        "[platform.auth]\nclient_id = \"c\"\nclient_secret = { env = \"S\" }\n[streams.users]",
    );
    let id = "s".to_owned();
    assert_eq!(
        validate(&signed_in),
        Validate::Schema(SchemaPlace::Registry(id))
    );
}

#[test]
fn mappings_need_ids() {
    insta::assert_snapshot!(faults_with(FLOW, ""), @"
        line 9: streams.users.flow_id: this key is missing
            write the dataflow's id: the mapping `raw` needs it
        ");
    insta::assert_snapshot!(fault("mapping = \"adobe-source-compatible\""), @"
        line 7: platform.org_id: this key is missing
            write the organization's id: the mapping `adobe-source-compatible` needs it
        line 7: platform.tenant: this key is missing
            write the tenant's namespace: the mapping `adobe-source-compatible` needs it
        line 9: streams.users.dataset_id: this key is missing
            write the dataset's id: the mapping `adobe-source-compatible` needs it
        line 9: streams.users.schema_id: this key is missing
            write the schema's `$id`: the mapping `adobe-source-compatible` needs it
        ");
    let ids = "mapping = \"adobe-source-compatible\"\ndataset_id = \"d\"\nschema_id = \"s\"\n";
    let text = minimal_with(FLOW, ids);
    let text = text.replace(
        "[platform]\n",
        "[platform]\norg_id = \"A@AdobeOrg\"\ntenant = \"_a\"\n",
    );
    let mapping = accepted(&text, &[]).streams.remove(0).mapping;
    assert!(matches!(mapping, Mapping::Mapped(_)), "{mapping:?}");
}

#[test]
fn a_faulty_platform_does_not_hide_what_a_mapping_needs() {
    let text = minimal_with(FLOW, "mapping = \"adobe-source-compatible\"\n")
        .replace("inlet_url", "inlet_uri");
    insta::assert_snapshot!(super::report(&text, &[]), @"
        the configuration has 5 faults

          /etc/zendesk-aep.toml:7: platform.org_id: this key is missing
              write the organization's id: the mapping `adobe-source-compatible` needs it
          /etc/zendesk-aep.toml:7: platform.tenant: this key is missing
              write the tenant's namespace: the mapping `adobe-source-compatible` needs it
          /etc/zendesk-aep.toml:8: platform.inlet_uri: unknown key
              write `inlet_url`
          /etc/zendesk-aep.toml:9: streams.users.dataset_id: this key is missing
              write the dataset's id: the mapping `adobe-source-compatible` needs it
          /etc/zendesk-aep.toml:9: streams.users.schema_id: this key is missing
              write the schema's `$id`: the mapping `adobe-source-compatible` needs it
        ");
}

#[test]
fn cadences() {
    insta::assert_snapshot!(fault("every = \"1m\"\ncron = \"0 0 * * * *\""), @"
        line 12: streams.users.cron: this contradicts `every`, which says when as well
            keep one of the two
        ");
    insta::assert_snapshot!(fault("every = \"1m\"\ntimezone = \"UTC\""), @"
        line 12: streams.users.timezone: this key belongs to `cron`, which is not given
            leave it out, or write `cron`
        ");
    insta::assert_snapshot!(fault("cron = \"0 0 * * * *\"\ntimezone = \"Europe/Berln\""), @r#"
        line 12: streams.users.timezone: `Europe/Berln` is not a time zone
            write "Europe/Berlin"
        "#);
    insta::assert_snapshot!(fault("cron = \"0 0 * * * *\"\ntimezone = \"Atlantis\""), @r#"
        line 12: streams.users.timezone: `Atlantis` is not a time zone
            write an IANA name, like "Europe/Berlin" or "UTC"
        "#);
    let expected = Cadence::Cron {
        expression: "0 30 4 * * MON-FRI".to_owned(),
        timezone: "Europe/Berlin".to_owned(),
    };
    let cron = "cron = \"30 4 * * MON-FRI\"\ntimezone = \"Europe/Berlin\"";
    assert_eq!(stream(cron).cadence, expected);
}

#[test]
fn cron_expressions() {
    insta::assert_snapshot!(fault("cron = \"* * *\""), @r#"
        line 11: streams.users.cron: `* * *` is not a cron expression: six fields are wanted, not 3
            write six fields, seconds first, like "0 */15 * * * *" for every quarter of an hour
        "#);
    insta::assert_snapshot!(fault("cron = \"0 61 * * * *\""), @r#"
        line 11: streams.users.cron: `0 61 * * * *` is not a cron expression: Component error: Number out of bounds
            write six fields, seconds first, like "0 */15 * * * *" for every quarter of an hour
        "#);
    insta::assert_snapshot!(fault("cron = \"0 0 0 30 2 *\""), @r#"
        line 11: streams.users.cron: `0 0 0 30 2 *` is not a cron expression: there is no such day
            write six fields, seconds first, like "0 */15 * * * *" for every quarter of an hour
        "#);
    insta::assert_snapshot!(fault("cron = \"@daily\""), @r#"
        line 11: streams.users.cron: `@daily` is not a cron expression: six fields are wanted, not 1
            write six fields, seconds first, like "0 */15 * * * *" for every quarter of an hour
        "#);
}

#[test]
fn back_fill() {
    let of = |stream: Stream| {
        let other = stream.back_fill?;
        let deleted = other.deleted.map(|row| row.name.to_string());
        Some((other.list.to_string(), deleted, other.always))
    };
    let users = |keys: &str| of(stream(keys));
    let lists = |always| {
        let deleted = Some("deleted_users".to_owned());
        Some(("/api/v2/users.json".to_owned(), deleted, always))
    };
    assert_eq!(users(""), lists(false));
    assert_eq!(users("back_fill = \"auto\""), lists(false));
    assert_eq!(users("back_fill = \"list\""), lists(true));
    assert_eq!(users("back_fill = \"export\""), None);
    assert_eq!(users("start = 2026-01-01T00:00:00Z"), None);
    assert_eq!(users("export = \"list\""), None);
    let organizations = |keys: &str| {
        let text = format!("{FLOW}[streams.organizations]\nflow_id = \"o\"\n{keys}");
        let mut streams = accepted(&minimal_with(FLOW, &text), &[]).streams;
        streams.retain(|stream| stream.spec.name == "organizations");
        of(streams.remove(0))
    };
    // The deleted ones have no list.
    assert_eq!(organizations(""), None);
    let list = "/api/v2/organizations.json".to_owned();
    assert_eq!(
        organizations("back_fill = \"auto\""),
        Some((list, None, false))
    );
}

#[test]
fn back_fill_that_cannot_be() {
    insta::assert_snapshot!(fault("back_fill = \"list\"\nstart = 2026-01-01T00:00:00Z"), @r#"
        line 11: streams.users.back_fill: a list cannot be read from `start` or to `end`
            leave it out, or write `back_fill = "export"`
    "#);
    insta::assert_snapshot!(fault("back_fill = \"list\"\nexport = \"search\""), @r#"
        line 11: streams.users.back_fill: with the export `search` there is no other way to load history
            leave it out, or write `export = "incremental"`
        "#);
    let tickets = format!("{FLOW}[streams.tickets]\nflow_id = \"t\"\nback_fill = \"list\"\n");
    let found = faults_with(FLOW, &tickets);
    assert!(
        found.contains("streams.tickets.back_fill: the list of tickets leaves out"),
        "{found}"
    );
}
