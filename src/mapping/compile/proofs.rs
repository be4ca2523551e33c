//! What proves each field, and what the objects around them need.

use crate::mapping::expression::Expression;
use crate::mapping::plan::{Needs, Node};
use crate::mapping::validation::Place;

/// Sets the proofs of `nodes`, the members of the object at `place`; returns what of them is needed.
pub(super) fn set(nodes: &mut [Node], place: Place, variables: &[Expression]) -> Needs {
    for node in &mut *nodes {
        let at = place.member(node.name());
        match node {
            Node::Field(field) => {
                let Some(at) = at else { continue };
                let proof = at.proof(field.kind, &field.source, variables);
                field.proof = match field.max_length {
                    Some(_) => proof.of_changed(at),
                    None => proof,
                };
            }
            Node::Parent {
                is_list,
                children,
                needs,
                ..
            } => {
                let inside = match is_list {
                    true => at.and_then(Place::element),
                    false => at,
                };
                if let Some(inside) = inside {
                    *needs = set(children, inside, variables);
                }
            }
        }
    }
    let bit = |name: &str| {
        let place = nodes.iter().position(|node| node.name() == name);
        place.map_or(0, |place| 1_u64.checked_shl(place as u32).unwrap_or(0))
    };
    let needs = place.needs().iter();
    let needs = needs.map(|(by, needed)| (by.map_or(u64::MAX, bit), bit(needed)));
    Needs(needs.collect())
}
