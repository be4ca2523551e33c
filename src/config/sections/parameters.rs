//! Keys of `[streams.NAME]` that stand for parameters of Zendesk's own.

use crate::catalogue::{self, Options, StreamSpec};
use crate::config::Parameters;
use crate::config::fault::{Problem, Read};
use crate::config::section::Section;
use crate::config::values::{alternatives, choice, flag, text, texts, words};

const SCOPES: [(&str, &str); 3] = [("all", "all"), ("agent", "agent"), ("ai_agent", "ai_agent")];

/// Terms of a query that the search export sets itself.
const OWN_TERMS: [&str; 3] = ["updated", "updated_at", "type"];

/// The parameters that the row's options allow.
pub(in crate::config::sections) fn parameters(
    section: &mut Section<'_>,
    spec: &StreamSpec,
) -> Read<Parameters> {
    let options = spec.options;
    let mut allowed = |key, has: fn(Options) -> bool| {
        if section.value(key).is_some() && !has(options) {
            section.refuse(key, not_an_option(has));
        }
    };
    allowed("support_type_scope", |options| options.support_type_scope);
    allowed("exclude_deleted", |options| options.exclude_deleted);
    allowed("include", |options| options.include);
    let support_type_scope = section.optional("support_type_scope", choice(&SCOPES));
    let exclude_deleted = section.or("exclude_deleted", false, flag);
    let include = section.optional("include", words);
    Ok(Parameters {
        support_type_scope: support_type_scope?,
        exclude_deleted: exclude_deleted?,
        include: include?.unwrap_or_default(),
    })
}

/// Further terms of the search export's query.
pub(in crate::config::sections) fn terms(
    section: &mut Section<'_>,
    spec: &StreamSpec,
) -> Read<Option<String>> {
    if section.value("brands").is_some() && spec.search_type.as_deref() != Some("ticket") {
        let what = "only tickets are of a brand";
        section.refuse("brands", Problem::new(what, "leave the key out"));
    }
    let query = section.optional("query", |given| {
        let terms = text(given)?;
        let own = terms.split_whitespace().find_map(|term| {
            let keyword = term.trim_start_matches('-');
            let keyword = keyword.split([':', '<', '>']).next().unwrap_or_default();
            OWN_TERMS.iter().find(|own| **own == keyword)
        });
        match own {
            Some(own) => Err(Problem::new(
                format!("`{own}` is part of every query already: windows and types are ours"),
                "leave that term out; `start` says from when on",
            )),
            None => Ok(terms),
        }
    });
    let brands = section.optional("brands", texts);
    let brands = brands?.unwrap_or_default();
    // The same keyword twice means either.
    let brands = brands.into_iter().map(|brand| format!("brand:\"{brand}\""));
    let terms: Vec<String> = query?.into_iter().chain(brands).collect();
    Ok((!terms.is_empty()).then(|| terms.join(" ")))
}

fn not_an_option(has: impl Fn(Options) -> bool) -> Problem {
    let streams = catalogue::all().iter().filter(|spec| has(spec.options));
    let names: Vec<&str> = streams.map(|spec| &*spec.name).collect();
    Problem::new(
        "zendesk has no such parameter for this stream",
        format!(
            "leave the key out; it is for {}",
            alternatives(&names, "and")
        ),
    )
}
