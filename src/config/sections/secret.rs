//! A secret: a table that names the one place where it is to be found.

use ::config::ValueKind;

use super::resolve;
use crate::config::Secret;
use crate::config::fault::{Problem, Read};
use crate::config::section::Section;
use crate::config::values::{Given, text};

const FORMS: [&str; 3] = ["file", "env", "credential"];

/// What to write where a secret is missing.
pub(super) const WRITE: &str =
    "write `{ file = \"…\" }`, `{ env = \"…\" }` or `{ credential = \"…\" }`";

/// The secret at `key`, if it is given.
pub(super) fn secret(section: &mut Section<'_>, key: &str) -> Read<Option<Secret>> {
    if let None | Some(ValueKind::Table(_)) = section.value(key) {
        return section.optional_section(key, place);
    }
    let problem = match section.variable(key) {
        Some(variable) => Problem::new(
            "a secret is never given itself, only where to find it",
            format!("set `{variable}__FILE`, `{variable}__ENV` or `{variable}__CREDENTIAL`"),
        ),
        None => Problem::new("a secret is never written into the file", WRITE),
    };
    Err(section.refuse(key, problem))
}

fn place(section: &mut Section<'_>) -> Read<Secret> {
    section.hide();
    for form in FORMS {
        section.let_override(form, &FORMS);
    }
    // All three are read before the first fault ends anything.
    let file = section.optional("file", text);
    let env = section.optional("env", variable);
    let credential = section.optional("credential", credential_name);
    let file = file?.map(|path| Secret::File(resolve(section, path)));
    let env = env?.map(Secret::Env);
    let directory = &section.surroundings().credentials;
    let credential = credential?.map(|name| Secret::Credential {
        name,
        directory: directory.clone(),
    });
    let found: Vec<Secret> = [file, env, credential].into_iter().flatten().collect();
    match <[Secret; 1]>::try_from(found) {
        Ok([secret]) => Ok(secret),
        Err(found) if found.is_empty() => {
            Err(section.refuse_all(Problem::new("no place of the secret is named", WRITE)))
        }
        Err(_) => Err(section.refuse_all(Problem::new(
            "more than one place of the secret is named",
            "keep one of them",
        ))),
    }
}

/// The name of a variable. A pasted secret is seldom one, and must not become a message later.
fn variable(given: &Given<'_>) -> Result<String, Problem> {
    let name = text(given)?;
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
    let continues = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.starts_with(begins) && name.chars().all(continues) {
        Ok(name)
    } else {
        Err(Problem::new(
            "this is not the name of an environment variable",
            "write the name of the variable that holds the secret: letters, digits and `_`",
        ))
    }
}

fn credential_name(given: &Given<'_>) -> Result<String, Problem> {
    let name = text(given)?;
    if name.contains('/') || name == "." || name == ".." {
        Err(Problem::new(
            "this is not the name of a credential",
            "write the name given in `LoadCredential=`, without `/`",
        ))
    } else {
        Ok(name)
    }
}
