//! What need not be judged: whatever is known, while a message is written, to be as the built-in
//! checks want it.
//!
//! Most of a mapped object is of a type that cannot go wrong: a time that was read and printed, a
//! truth value, a text where any text will do. That is settled once, when the mapping is compiled.
//! Of the rest the written bytes are looked at. A message without any doubt is not read a second
//! time; any other is judged as a whole, and only that says what is wrong with it.

use super::forms::Form;
use super::known::{ENTITY, Known};
use crate::mapping::expression::Expression;
use crate::mapping::kind::Kind;

/// What must be seen of a written value for it to be beyond doubt.
#[derive(Clone, Copy, Debug)]
pub(in crate::mapping) enum Proof {
    /// Nothing: what it is says it.
    Given,
    /// A text that has this form, spelled without escapes.
    Form(Form),
    /// A number with so few digits that no reader loses any.
    Short,
    /// Nothing would do.
    Impossible,
}

/// What the text of an expression always is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promise {
    Email,
    Phone,
    Language,
    Hash,
}

/// A place in the message, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(in crate::mapping) struct Place(&'static Known);

impl Place {
    /// The message itself.
    pub(in crate::mapping) const MESSAGE: Self = Self(&ENTITY);

    /// A member of the object here; `None` if no object may be here.
    pub(in crate::mapping) fn member(self, name: &str) -> Option<Self> {
        match self.0 {
            Known::Anything => Some(self),
            Known::Object(object) => {
                let known = object.members.iter().find(|(known, _)| *known == name);
                Some(Self(known.map_or(object.others, |(_, known)| known)))
            }
            _ => None,
        }
    }

    /// The elements of the list here; `None` if no list may be here.
    pub(in crate::mapping) fn element(self) -> Option<Self> {
        match self.0 {
            Known::Anything => Some(self),
            Known::List(known) => Some(Self(known)),
            _ => None,
        }
    }

    /// Which members an object here needs, and by which other member.
    pub(in crate::mapping) fn needs(self) -> &'static [(Option<&'static str>, &'static str)] {
        match self.0 {
            Known::Object(object) => object.needs,
            _ => &[],
        }
    }

    /// Whether the identities that `source` gives for a namespace are as they must be. That they
    /// are none of the forbidden words, and not too long, is seen to when they are written.
    pub(in crate::mapping) fn is_identity(
        namespace: &str,
        source: &Expression,
        variables: &[Expression],
    ) -> bool {
        let place = Self::MESSAGE
            .member("identityMap")
            .and_then(|map| map.member(namespace)?.element()?.member("id"));
        let promise = promise(source, variables);
        match place {
            Some(Self(Known::Text(Form::Identity))) => true,
            Some(Self(Known::Text(Form::EmailIdentity))) => promise == Some(Promise::Email),
            Some(Self(Known::Text(Form::PhoneIdentity))) => promise == Some(Promise::Phone),
            _ => false,
        }
    }

    /// What proves a value here that comes from `source`, whole, and is written as `kind`.
    pub(in crate::mapping) fn proof(
        self,
        kind: Kind,
        source: &Expression,
        variables: &[Expression],
    ) -> Proof {
        match (kind, self.0) {
            (Kind::String, Known::Text(form)) => match (form, promise(source, variables)) {
                (Form::Any, _)
                | (Form::Email, Some(Promise::Email))
                | (Form::Language, Some(Promise::Language))
                | (Form::UriReference, Some(Promise::Hash)) => Proof::Given,
                _ => Proof::Form(*form),
            },
            (Kind::Number, Known::Anything) => Proof::Short,
            (Kind::Any, Known::Anything) if makes_custom_fields(source, variables) => Proof::Given,
            (Kind::Any, _) => Proof::Impossible,
            (Kind::String | Kind::Integer | Kind::Boolean, Known::Anything)
            | (Kind::Integer, Known::Integer)
            | (Kind::Boolean, Known::Boolean)
            | (Kind::Date, Known::Anything | Known::Text(Form::Any | Form::Date))
            | (Kind::DateTime, Known::Anything | Known::Text(Form::Any | Form::DateTime))
            | (Kind::StringArray, Known::Anything | Known::List(Known::Text(Form::Any))) => {
                Proof::Given
            }
            _ => Proof::Impossible,
        }
    }
}

impl Proof {
    /// The proof of what is not written as its source gives it.
    pub(in crate::mapping) fn of_changed(self, place: Place) -> Self {
        match (self, place.0) {
            (Self::Given, Known::Text(form)) if !matches!(form, Form::Any) => Self::Form(*form),
            _ => self,
        }
    }

    /// Whether it is there in what was written.
    #[inline]
    pub(in crate::mapping) fn holds(self, json: &[u8]) -> bool {
        match (self, json) {
            (Self::Given, _) => true,
            (Self::Form(form), [b'"', text @ .., b'"']) if !text.contains(&b'\\') => {
                std::str::from_utf8(text).is_ok_and(|text| form.problem(text).is_none())
            }
            (Self::Short, number) => {
                let is_plain = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
                number.len() <= 15 && number.iter().all(is_plain)
            }
            (Self::Form(_) | Self::Impossible, _) => false,
        }
    }
}

/// What an expression promises, if it gives anything.
fn promise(source: &Expression, variables: &[Expression]) -> Option<Promise> {
    match source {
        Expression::Variable(number) => promise(variables.get(*number)?, variables),
        Expression::Call(function, arguments) => match (function.name, &arguments[..]) {
            ("email", _) => Some(Promise::Email),
            ("e164", _) => Some(Promise::Phone),
            ("language", _) => Some(Promise::Language),
            ("record_id" | "sha256", _) => Some(Promise::Hash),
            ("iif", [_, chosen]) => promise(chosen, variables),
            _ => None,
        },
        _ => None,
    }
}

/// Whether it is the list of all custom fields, which has one shape whatever they are.
fn makes_custom_fields(source: &Expression, variables: &[Expression]) -> bool {
    match source {
        Expression::Variable(number) => variables
            .get(*number)
            .is_some_and(|source| makes_custom_fields(source, variables)),
        Expression::Call(function, _) => function.name == "custom_fields",
        _ => false,
    }
}
