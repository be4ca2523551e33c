//! The tree of the message, grown path by path.

use crate::mapping::expression::Fault;
use crate::mapping::plan::{Field, Needs, Node};

/// Puts `field` where `path` says.
pub(super) fn plant(path: &str, mut field: Field, mut nodes: &mut Vec<Node>) -> Result<(), Fault> {
    let mut parts = path.split('.').peekable();
    loop {
        let part = parts.next().unwrap_or_default();
        let (name, is_list) = match part.strip_suffix("[0]") {
            Some(name) => (name, true),
            None => (part, false),
        };
        if !is_name(name) {
            return Err(Fault::new(
                format!("`{path}` is no path of a message: `{part}` is no name of a field"),
                "write names of letters, digits and underscores with dots between them, like `person.name.lastName`",
            ));
        }
        let key = format!("\"{name}\":");
        let taken = || {
            Fault::new(
                format!("`{path}` is taken: another row puts something else there"),
                "give one of them another path",
            )
        };
        if parts.peek().is_none() {
            let same = |node: &Node| match node {
                Node::Field(field) => field.key == key,
                Node::Parent { key: other, .. } => *other == key,
            };
            if is_list || nodes.iter().any(same) {
                return Err(taken());
            }
            field.key = key;
            nodes.push(Node::Field(Box::new(field)));
            return Ok(());
        }
        let position = nodes.iter().position(|node| match node {
            Node::Parent { key: other, .. } => *other == key,
            Node::Field(field) => field.key == key,
        });
        let position = position.unwrap_or_else(|| {
            nodes.push(Node::Parent {
                key,
                is_list,
                children: Vec::new(),
                needs: Needs::default(),
            });
            nodes.len() - 1
        });
        match &mut nodes[position] {
            Node::Parent {
                children,
                is_list: listed,
                ..
            } if *listed == is_list => nodes = children,
            _ => return Err(taken()),
        }
    }
}

/// What XDM takes for a name; `identityMap` has a section of its own.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name != "identityMap"
}
