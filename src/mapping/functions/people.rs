//! People: names, addresses, numbers, languages.

use super::{Arguments, Function, lower};
use crate::config::NameSplit;
use crate::mapping::contact;
use crate::mapping::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "email",
        usage: "email(text)",
        takes: 1..=1,
        run: |of| {
            let reserved_are_valid = of.scope.settings.accept_reserved_email_domains;
            of.text(|text| contact::email(text, reserved_are_valid))
        },
    },
    Function {
        name: "email_domain",
        usage: "email_domain(address)",
        takes: 1..=1,
        run: |of| {
            of.text(|text| {
                let domain = text.trim().rsplit_once('@').map(|(_, domain)| domain);
                Ok(lower(domain.unwrap_or_default()))
            })
        },
    },
    Function {
        name: "e164",
        usage: "e164(phone number)",
        takes: 1..=1,
        run: |of| of.text(|text| contact::e164(text, of.arena()).map(Into::into)),
    },
    Function {
        name: "full_name",
        usage: "full_name(text)",
        takes: 1..=1,
        run: |of| of.text(contact::full_name),
    },
    Function {
        name: "first_name",
        usage: "first_name(full name)",
        takes: 1..=1,
        run: |of| part_of_name(of, |(first, _)| first),
    },
    Function {
        name: "last_name",
        usage: "last_name(full name)",
        takes: 1..=1,
        run: |of| part_of_name(of, |(_, last)| last),
    },
    Function {
        name: "language",
        usage: "language(locale)",
        takes: 1..=1,
        run: |of| of.text(contact::language),
    },
    Function {
        name: "time_zone",
        usage: "time_zone(text)",
        takes: 1..=1,
        run: |of| {
            of.text(|text| match text.trim() {
                zone if contact::is_iana_zone(zone) => Ok(zone.into()),
                _ => Err("it is no IANA time zone"),
            })
        },
    },
];

fn part_of_name<'v>(
    of: Arguments<'v>,
    choose: impl FnOnce((&'v str, &'v str)) -> &'v str,
) -> Value<'v> {
    let how: NameSplit = of.scope.settings.name_split;
    let name = of.kept(of.get(0).as_text().unwrap_or_default());
    match contact::split_name(name, how) {
        Some(parts) => Value::text_of(choose(parts)),
        None => Value::Missing,
    }
}
