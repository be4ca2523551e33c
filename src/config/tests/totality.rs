//! No input makes the reader panic, whatever it makes of it.

use proptest::prelude::*;

use super::resolve;
use crate::config::values::quantity::{duration, size};
use crate::config::values::{Given, address, clock, identifier, integer, moment, text, words};

const EXAMPLE: &str = include_str!("../../../config/zendesk-aep.toml");

proptest! {
    #[test]
    fn any_text(file in "\\PC*", name in "[A-Z_]{0,20}", value in "\\PC*") {
        let _ = resolve(&file, &[(&format!("ZENDESK_AEP__{name}"), &value)]);
    }

    #[test]
    fn the_example_with_something_replaced(
        begin in 0..EXAMPLE.len(),
        length in 0..40_usize,
        inserted in "[\\PC\n\"=\\[\\].#]{0,10}",
        uncomment in any::<bool>(),
    ) {
        let bytes = EXAMPLE.as_bytes();
        let end = (begin + length).min(bytes.len());
        let mut file = String::from_utf8_lossy(&bytes[..begin]).into_owned();
        file += &inserted;
        file += &String::from_utf8_lossy(&bytes[end..]);
        if uncomment {
            file = file.replace("\n#", "\n");
        }
        let _ = resolve(&file, &[]);
    }

    #[test]
    fn any_value(written in "\\PC*|[0-9a-zA-Z:/ *,+@.#?LW-]*", from_environment in any::<bool>()) {
        let given = Given { kind: &written.into(), from_environment, hidden: false };
        let _ = text(&given);
        let _ = identifier(&given);
        let _ = integer(1..=5)(&given);
        let _ = words(&given);
        let _ = moment(&given);
        let _ = duration(std::time::Duration::ZERO)(&given);
        let _ = size(0..=u64::MAX)(&given);
        let _ = address::server(&given);
        let _ = address::inlet(&given);
        let _ = clock::cron(&given);
        let _ = clock::timezone(&given);
    }

    #[test]
    fn any_cron_expression(fields in prop::collection::vec("[0-9*/,LW#?+-]{1,6}", 5..=6)) {
        let given = Given {
            kind: &fields.join(" ").into(),
            from_environment: false,
            hidden: false,
        };
        let _ = clock::cron(&given);
    }
}

#[test]
fn keys_that_look_like_paths_are_only_names() {
    let _ = resolve("\"a[99999999999999999]\" = 1\n\"a.b\" = 2\n\"\" = 3\n", &[]);
    let _ = resolve("", &[("ZENDESK_AEP__A[99999999999999999]", "1")]);
}

#[test]
fn depth_is_bounded() {
    let dotted = format!("{} = 1\n", ["a"; 100_000].join("."));
    let _ = resolve(&dotted, &[]);
    let lists = format!("a = {}\n", "[".repeat(100_000));
    let _ = resolve(&lists, &[]);
    let variable = format!("ZENDESK_AEP__{}", ["A"; 40_000].join("__"));
    let _ = resolve("", &[(&variable, "1")]);
}
