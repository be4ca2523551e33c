//! `validate`: how far a stream's messages are judged before they are sent.

use crate::config::Validate;
use crate::config::fault::Read;
use crate::config::section::Section;
use crate::config::values::choice;

#[derive(Clone, Copy)]
enum Level {
    Off,
    Fields,
}

const LEVELS: [(&str, Level); 2] = [("off", Level::Off), ("fields", Level::Fields)];

pub(super) fn validate(section: &mut Section<'_>) -> Read<Validate> {
    match section.or("validate", "fields", choice(&LEVELS))? {
        Level::Off => Ok(Validate::Off),
        Level::Fields => Ok(Validate::Fields),
    }
}
