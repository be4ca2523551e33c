//! The expressions of mapping files: `lower(trim(email))`, in the style of Adobe's Data Prep.
//!
//! An expression is a path into the record (`photo.content_url`, `domain_names[0]`,
//! `user_fields."my.key"`), a literal (`'Zendesk'`, `true`, `false`), a variable (`$address`), or a
//! function of such. It is parsed once, when the mapping is compiled.

use super::functions::{self, Function};
use super::scope::Scope;
use super::source::{Path, Step};
use super::value::Value;

/// One compiled expression.
#[derive(Debug)]
pub(super) enum Expression {
    /// A place in the record.
    Path(Path),
    /// Itself.
    Literal(Literal),
    /// A variable of the mapping, by its number.
    Variable(usize),
    /// Something known besides the record.
    Known(Known),
    /// What a table of the mapping has for a value.
    Lookup(usize, Box<Expression>),
    /// A function of other expressions.
    Call(&'static Function, Vec<Expression>),
}

#[derive(Debug)]
pub(super) enum Literal {
    Text(Box<str>),
    Bool(bool),
}

/// What expressions may know besides the record, written `$name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Instance,
    Stream,
    Deleted,
    Vanished,
    PermanentlyDeleted,
    UserRoles,
    TestTags,
    TestEmailDomains,
    Requester,
    RequesterEmail,
}

/// The names of [`Known`], with what they stand for.
pub(super) const KNOWN: [(&str, Known); 10] = [
    ("instance", Known::Instance),
    ("stream", Known::Stream),
    ("deleted", Known::Deleted),
    ("vanished", Known::Vanished),
    ("permanently_deleted", Known::PermanentlyDeleted),
    ("user_roles", Known::UserRoles),
    ("test_tags", Known::TestTags),
    ("test_email_domains", Known::TestEmailDomains),
    ("requester", Known::Requester),
    ("requester_email", Known::RequesterEmail),
];

/// What names stand for while a mapping is compiled.
pub(super) trait Names {
    /// The number of the slot that a field of the record gets.
    fn slot(&mut self, field: &str) -> usize;
    /// The number of a variable that may be used here.
    fn variable(&self, name: &str) -> Option<usize>;
    /// The number of a lookup table.
    fn lookup(&self, name: &str) -> Option<usize>;
}

/// Why a text is no expression, and what to write instead.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) what: String,
    pub(super) remedy: String,
}

impl Fault {
    pub(super) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            remedy: remedy.into(),
        }
    }
}

/// How deeply calls may be nested: far more than anyone can read.
const DEPTH_MAX: usize = 32;

impl Expression {
    /// Compiles `text`.
    pub(super) fn parse(text: &str, names: &mut dyn Names) -> Result<Self, Fault> {
        let mut parser = Parser { text, at: 0, names };
        let expression = parser.expression(0)?;
        parser.blanks();
        if parser.rest().is_empty() {
            Ok(expression)
        } else {
            Err(parser.unexpected("the end of the expression"))
        }
    }

    /// Its value for one record.
    pub(super) fn value<'v>(&'v self, scope: &'v Scope<'v>) -> Value<'v> {
        match self {
            Self::Path(path) => path.value(scope.record),
            Self::Literal(Literal::Text(text)) => Value::Text(text),
            Self::Literal(Literal::Bool(bool)) => Value::Bool(*bool),
            Self::Variable(number) => scope.variable(*number),
            Self::Known(known) => scope.known(*known),
            Self::Lookup(table, of) => scope.lookup(*table, &of.value(scope)),
            Self::Call(function, arguments) => (function.run)(functions::Arguments {
                expressions: arguments,
                scope,
            }),
        }
    }

    /// Visits this expression and every part of it.
    pub(super) fn each<'e>(&'e self, visit: &mut dyn FnMut(&'e Self)) {
        visit(self);
        match self {
            Self::Lookup(_, of) => of.each(visit),
            Self::Call(_, arguments) => arguments.iter().for_each(|part| part.each(visit)),
            Self::Path(_) | Self::Literal(_) | Self::Variable(_) | Self::Known(_) => {}
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    names: &'t mut dyn Names,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Passes over `sign`, if it is next.
    fn takes(&mut self, sign: char) -> bool {
        self.blanks();
        let is_next = self.rest().starts_with(sign);
        if is_next {
            self.at += sign.len_utf8();
        }
        is_next
    }

    /// The letters, digits and underscores that follow.
    fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let is_inside = |c: char| c.is_alphanumeric() || c == '_';
        let word = &rest[..rest.find(|c| !is_inside(c)).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn unexpected(&self, wanted: &str) -> Fault {
        let found = match self.rest().chars().next() {
            Some(c) => format!("`{c}`"),
            None => "the end".to_owned(),
        };
        let position = self.text[..self.at].chars().count() + 1;
        Fault::new(
            format!(
                "`{}` cannot be read: at character {position} is {found}, and {wanted} was expected",
                self.text
            ),
            "write a field like `user_fields.plan`, a text like 'vip', or a function like `lower(email)`",
        )
    }

    fn expression(&mut self, depth: usize) -> Result<Expression, Fault> {
        if depth > DEPTH_MAX {
            return Err(Fault::new(
                format!("the functions are nested more than {DEPTH_MAX} deep"),
                "name a part of it in `[variables]`",
            ));
        }
        self.blanks();
        match self.rest().chars().next() {
            Some(quote @ ('\'' | '"')) => {
                let text = self.quoted(quote)?;
                Ok(Expression::Literal(Literal::Text(text.into())))
            }
            Some('$') => self.variable(),
            Some(c) if c.is_alphabetic() || c == '_' => {
                let word = self.word();
                if self.takes('(') {
                    return self.call(word, depth);
                }
                match word {
                    "true" => Ok(Expression::Literal(Literal::Bool(true))),
                    "false" => Ok(Expression::Literal(Literal::Bool(false))),
                    field => self.path(field),
                }
            }
            Some(c) if c.is_ascii_digit() || c == '-' => {
                let begin = self.at;
                self.takes('-');
                self.word();
                if self.takes('.') {
                    self.word();
                }
                let number = &self.text[begin..self.at];
                match number.parse::<f64>() {
                    Ok(_) => Ok(Expression::Literal(Literal::Text(number.into()))),
                    Err(_) => Err(self.unexpected("a number")),
                }
            }
            _ => Err(self.unexpected("a field, a text or a function")),
        }
    }

    /// A text in quotes. There are no escapes: whoever needs one kind of quote uses the other.
    fn quoted(&mut self, quote: char) -> Result<&'t str, Fault> {
        let inner = &self.rest()[1..];
        let Some(length) = inner.find(quote) else {
            self.at = self.text.len();
            return Err(self.unexpected(&format!("the closing {quote}")));
        };
        self.at += length + 2;
        Ok(&inner[..length])
    }

    fn variable(&mut self) -> Result<Expression, Fault> {
        self.at += 1;
        let name = self.word();
        if let Some(number) = self.names.variable(name) {
            return Ok(Expression::Variable(number));
        }
        match KNOWN.iter().find(|(known, _)| *known == name) {
            Some((_, known)) => Ok(Expression::Known(*known)),
            None => {
                let known: Vec<String> =
                    KNOWN.iter().map(|(name, _)| format!("`${name}`")).collect();
                Err(Fault::new(
                    format!("there is no variable `${name}` here"),
                    format!(
                        "name it in `[variables]`, above the variables that use it; always there are {}",
                        known.join(", ")
                    ),
                ))
            }
        }
    }

    fn path(&mut self, field: &str) -> Result<Expression, Fault> {
        let slot = self.names.slot(field);
        let mut steps = Vec::new();
        loop {
            if self.rest().starts_with('.') {
                self.at += 1;
                let key = match self.rest().chars().next() {
                    Some('"') => self.quoted('"')?,
                    _ => self.word(),
                };
                if key.is_empty() {
                    return Err(self.unexpected("the name of a field"));
                }
                steps.push(Step::Key(key.into()));
            } else if self.rest().starts_with('[') {
                self.at += 1;
                match self.word().parse() {
                    Ok(place) if self.rest().starts_with(']') => {
                        self.at += 1;
                        steps.push(Step::Place(place));
                    }
                    _ => return Err(self.unexpected("the number of an element, from 0, and `]`")),
                }
            } else {
                return Ok(Expression::Path(Path::new(field, slot, steps)));
            }
        }
    }

    fn call(&mut self, name: &str, depth: usize) -> Result<Expression, Fault> {
        let mut arguments = Vec::new();
        if !self.takes(')') {
            loop {
                arguments.push(self.expression(depth + 1)?);
                if self.takes(')') {
                    break;
                }
                if !self.takes(',') {
                    return Err(self.unexpected("`,` or `)`"));
                }
            }
        }
        if name == "lookup" {
            return self.table(arguments);
        }
        let Some(function) = functions::find(name) else {
            return Err(functions::unknown(name));
        };
        if function.takes.contains(&arguments.len()) {
            Ok(Expression::Call(function, arguments))
        } else {
            Err(Fault::new(
                format!("`{name}` has {} arguments here", arguments.len()),
                format!("write `{}`", function.usage),
            ))
        }
    }

    fn table(&self, arguments: Vec<Expression>) -> Result<Expression, Fault> {
        let usage = "write `lookup('table', field)`, and the table as `[lookup.table]`";
        let Ok([Expression::Literal(Literal::Text(table)), of]) =
            <[Expression; 2]>::try_from(arguments)
        else {
            return Err(Fault::new("`lookup` needs a table and a value", usage));
        };
        match self.names.lookup(&table) {
            Some(number) => Ok(Expression::Lookup(number, Box::new(of))),
            None => Err(Fault::new(
                format!("there is no table `[lookup.{table}]`"),
                usage,
            )),
        }
    }
}
