//! Streams declared in the file.

use super::{accepted, faults_with, minimal_with};
use crate::catalogue::{Area, DeletionSign, Leaving, Pagination, Reading, StreamEnd, TimeUnit};
use crate::config::{Export, Stream};

const USERS: &str = "[streams.users]\nflow_id = \"flow\"\n";

/// The faults of a section in place of the users'.
fn fault(section: &str) -> String {
    faults_with(USERS, &format!("{section}\nflow_id = \"flow\"\n"))
}

/// The stream of a section in place of the users'.
fn stream(section: &str) -> Stream {
    let text = minimal_with(USERS, &format!("{section}\nflow_id = \"flow\"\n"));
    accepted(&text, &[]).streams.remove(0)
}

#[test]
fn a_path_is_enough_for_a_list() {
    let stream = stream("[streams.gadgets]\npath = \"/api/v2/gadgets.json\"");
    let spec = &stream.spec;
    assert_eq!(spec.name, "gadgets");
    assert_eq!(spec.area, Area::Declared);
    assert_eq!(spec.records_key, "gadgets");
    assert_eq!(spec.id_field, "id");
    assert_eq!(spec.version_field.as_deref(), Some("updated_at"));
    assert_eq!(spec.page_max, 100);
    assert_eq!(
        stream.export,
        Export::List {
            path: "/api/v2/gadgets.json".into(),
            pagination: Pagination::Cursor,
        }
    );
}

#[test]
fn every_field_of_a_row_can_be_given() {
    let list = stream(
        "[streams.gadgets]\npath = \"/api/v2/gadgets.json\"\nrecords_key = \"a.b\"\nid_field = \"key\"\nversion_field = \"\"\npagination = \"offset\"\npage_max = 30\ndeletion = \"flag\"\nleaving = \"expiry\"\nparameters = { active = \"true\" }",
    );
    let spec = &list.spec;
    assert_eq!((&*spec.records_key, &*spec.id_field), ("a.b", "key"));
    assert_eq!((&spec.version_field, spec.page_max), (&None, 30));
    assert_eq!(spec.deletion, DeletionSign::Flag);
    assert_eq!(spec.leaving, Leaving::Expiry);
    assert_eq!(spec.query, [("active".into(), "true".into())]);
    assert!(matches!(
        spec.reading,
        Reading::List {
            pagination: Pagination::Offset,
            ..
        }
    ));
    let time = stream(
        "[streams.gadgets]\npath = \"/api/v2/gadgets.json\"\nexport = \"time\"\nunit = \"microseconds\"\nstream_end = \"short_page\"\nsize = \"limit\"\nversion_field = \"at\"",
    );
    assert_eq!(
        time.export,
        Export::Time {
            path: "/api/v2/gadgets.json".into(),
            unit: TimeUnit::Microseconds,
            end: StreamEnd::ShortPage,
            size: Some("limit".into()),
        }
    );
    let cursor = stream("[streams.gadgets]\npath = \"/x\"\nexport = \"incremental\"");
    assert_eq!(cursor.export, Export::Incremental { path: "/x".into() });
    assert_eq!(cursor.spec.page_max, 1_000);
}

#[test]
fn a_copy_is_like_its_row_but_for_what_is_given() {
    let text = minimal_with(
        USERS,
        "[streams.custom_object_records]\ncustom_object = \"apple\"\nflow_id = \"flow\"\n[streams.pears]\nlike = \"custom_object_records\"\ncustom_object = \"pear\"\nflow_id = \"flow\"\n[streams.people]\nlike = \"users\"\nexport = \"list\"\ndeletion = \"none\"\nflow_id = \"flow\"\n",
    );
    let streams = accepted(&text, &[]).streams;
    let of = |name: &str| {
        let stream = streams.iter().find(|stream| stream.spec.name == name);
        stream.expect("it is configured").clone()
    };
    for (name, object) in [("custom_object_records", "apple"), ("pears", "pear")] {
        let path = format!("/api/v2/incremental/custom_objects/{object}/cursor.json");
        let expected = Export::Incremental { path: path.into() };
        assert_eq!(of(name).export, expected);
        assert_eq!(of(name).spec.records_key, "custom_object_records");
    }
    let people = of("people");
    assert_eq!(people.spec.deletion, DeletionSign::None);
    assert_eq!(people.spec.search_type.as_deref(), Some("user"));
    let path = "/api/v2/users.json".into();
    let pagination = Pagination::Cursor;
    assert_eq!(people.export, Export::List { path, pagination });
}

#[test]
fn an_unknown_name_without_a_path_is_a_slip() {
    insta::assert_snapshot!(fault("[streams.organisations]"), @"
        line 9: streams.organisations: unknown key
            write `organizations`
        ");
    insta::assert_snapshot!(fault("[streams.gadgets]\nrecords_key = \"x\""), @"
        line 9: streams.gadgets: unknown key
            write `targets`
        ");
}

#[test]
fn what_is_declared_wrong_is_named() {
    insta::assert_snapshot!(fault("[streams.pears]\nlike = \"custom_object_record\""), @"
        line 10: streams.pears.like: `custom_object_record` is not in the catalogue
            write `custom_object_records`
        ");
    insta::assert_snapshot!(fault("[streams.pears]\nlike = \"ticket_audits\""), @"
        line 10: streams.pears.like: `ticket_audits` is read with another stream and cannot be copied
            copy a stream that is read by itself; `zendesk-aep streams` tells them apart
        ");
    insta::assert_snapshot!(fault("[streams.pears]\nlike = \"custom_object_records\""), @r#"
        line 9: streams.pears.custom_object: this key is missing
            write the key of the custom object, like `custom_object = "apple"`
        "#);
    insta::assert_snapshot!(fault("[streams.pears]\nlike = \"custom_object_records\"\ncustom_object = \"a/b\""), @"
        line 11: streams.pears.custom_object: `a/b` is not the key of a custom object
            write it as the Admin Center shows it: letters, digits, underscores and hyphens
        ");
    insta::assert_snapshot!(fault("[streams.gadgets]\npath = \"api/v2/gadgets?active=true\""), @r#"
        line 10: streams.gadgets.path: `api/v2/gadgets?active=true` is not a path
            write it from its first slash, like "/api/v2/gadgets.json"; what would follow a `?` belongs into `parameters`
        "#);
    insta::assert_snapshot!(fault("[streams.gadgets]\npath = \"/g\"\nexport = \"search\""), @"
        line 11: streams.gadgets.export: `search` is none of the choices
            write `list`, `time` or `incremental`
        ");
    insta::assert_snapshot!(fault("[streams.gadgets]\npath = \"/g\"\nunit = \"seconds\""), @"
        line 11: streams.gadgets.unit: unknown key
            the keys here are `back_fill`, `brands`, `cron`, `dataset_id`, `deletion`, `deliver`, `end`, `every`, `exclude_deleted`, `export`, `flow_id`, `id_field`, `include`, `leaving`, `like`, `mapping`, `mapping_file`, `overlap`, `page_max`, `pagination`, `parameters`, `path`, `preset`, `privacy`, `query`, `records_key`, `schema_file`, `schema_id`, `settle`, `start`, `support_type_scope`, `timezone`, `validate`, `version_field` and `wrap`
        ");
    insta::assert_snapshot!(fault("[streams.gadgets]\npath = \"/g\"\nexport = \"time\"\nversion_field = \"\""), @"
        line 12: streams.gadgets.version_field: records of a time export come again, and are told from changed ones by their version
            write the field that holds it
        ");
    insta::assert_snapshot!(fault("[streams.gadgets]\npath = \"/g\"\nparameters = { per_page = \"5\" }"), @"
        line 11: streams.gadgets.parameters.per_page: this parameter is set by the program itself
            leave it out
        ");
    insta::assert_snapshot!(fault("[streams.Gadgets]\npath = \"/g\""), @"
        line 9: streams.Gadgets: this is not a name for a stream
            write lower case letters, digits and underscores
        ");
}

#[test]
fn a_list_has_no_times() {
    insta::assert_snapshot!(fault("[streams.macros]\nstart = 2026-01-01T00:00:00Z"), @"
        line 10: streams.macros.start: a list is read whole each time, whatever its times are
            leave it out
        ");
    insta::assert_snapshot!(fault("[streams.groups]\noverlap = \"1m\""), @r#"
        line 10: streams.groups.overlap: a list is read whole each time, whatever its times are
            leave it out, or write `export = "search"`
        "#);
    insta::assert_snapshot!(fault("[streams.organizations]\nexport = \"list\"\nend = 2026-01-01T00:00:00Z"), @r#"
        line 11: streams.organizations.end: a list is read whole each time, whatever its times are
            leave it out, or write `export = "time"`
        "#);
}
