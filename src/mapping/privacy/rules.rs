//! The rules as a tree of paths, and where one stands in it.

use crate::config::{self, FieldPath, Mask, Step};

/// What is done to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// It is left out.
    Drop,
    /// It is replaced by its keyed hash.
    Hash,
    /// Part of it is made unreadable.
    Mask(Mask),
}

/// The rules of a stream.
#[derive(Debug)]
pub(super) struct Rules {
    actions: Node<Action>,
    allowed: Option<Node<()>>,
}

/// A step of a path and what is beneath it.
#[derive(Debug)]
struct Node<T> {
    /// What the path up to here says, if it ends here.
    says: Option<T>,
    named: Vec<(String, Node<T>)>,
    any: Option<Box<Node<T>>>,
}

/// Where a walk stands: all the rules that still can apply.
#[derive(Debug)]
pub(super) struct Position<'r> {
    actions: Vec<&'r Node<Action>>,
    /// `None` if everything from here on may leave.
    allowed: Option<Vec<&'r Node<()>>>,
    is_start: bool,
}

/// What is to become of the value at a position.
pub(super) enum Verdict<'r> {
    /// It leaves as it is.
    Leave,
    /// This is done to it, and to all that it holds.
    Act(Action),
    /// It does not stand on the list.
    NotListed,
    /// It depends on what it holds.
    Within(Position<'r>),
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self {
            says: None,
            named: Vec::new(),
            any: None,
        }
    }
}

impl<T: Copy> Node<T> {
    fn add(&mut self, path: &[Step], says: T) {
        let Some((step, rest)) = path.split_first() else {
            self.says.get_or_insert(says);
            return;
        };
        let next = match step {
            Step::Any => &mut **self.any.get_or_insert_default(),
            Step::Name(name) => {
                let place = self.named.iter().position(|(known, _)| known == name);
                let place = place.unwrap_or_else(|| {
                    self.named.push((name.clone(), Self::default()));
                    self.named.len() - 1
                });
                &mut self.named[place].1
            }
        };
        next.add(rest, says);
    }

    /// The nodes for the member `key`, the one that names it first.
    fn member(&self, key: &str, any: bool) -> impl Iterator<Item = &Self> {
        let named = self.named.iter().find(|(name, _)| name == key);
        let any = self.any.as_deref().filter(|_| any);
        named.map(|(_, node)| node).into_iter().chain(any)
    }

    fn has_more(&self) -> bool {
        !self.named.is_empty() || self.any.is_some()
    }
}

impl Rules {
    /// Joins the lists. Where several rules say something of one field, leaving it out comes before
    /// hashing and hashing before masking.
    pub(super) fn new(config: &config::Privacy) -> Self {
        let mut actions = Node::default();
        let each = |paths: &[FieldPath], action| {
            paths
                .iter()
                .map(|path| (path.clone(), action))
                .collect::<Vec<_>>()
        };
        let masked = config
            .mask
            .iter()
            .map(|(path, mask)| (path.clone(), Action::Mask(*mask)));
        let all = each(&config.drop, Action::Drop)
            .into_iter()
            .chain(each(&config.hash, Action::Hash))
            .chain(masked);
        for (path, action) in all {
            actions.add(path.steps(), action);
        }
        let allowed = config.allow.as_ref().map(|paths| {
            let mut allowed = Node::default();
            for path in paths {
                allowed.add(path.steps(), ());
            }
            allowed
        });
        Self { actions, allowed }
    }

    pub(super) fn has_list(&self) -> bool {
        self.allowed.is_some()
    }

    /// The position of the message itself.
    pub(super) fn start(&self) -> Position<'_> {
        Position {
            actions: vec![&self.actions],
            allowed: self.allowed.as_ref().map(|allowed| vec![allowed]),
            is_start: true,
        }
    }
}

impl<'r> Position<'r> {
    /// What is to become of the member `key`.
    pub(super) fn member(&self, key: &str) -> Verdict<'r> {
        // Identities are touched by rules that name them, never by one that happens to match.
        let any = !(self.is_start && key == "identityMap");
        let actions: Vec<_> = self
            .actions
            .iter()
            .flat_map(|node| node.member(key, any))
            .collect();
        let said = actions.iter().filter_map(|node| node.says);
        // The order of precedence.
        if let Some(action) = said.min_by_key(|action| match action {
            Action::Drop => 0,
            Action::Hash => 1,
            Action::Mask(_) => 2,
        }) {
            return match (action, self.allows(key)) {
                (Action::Drop, _) | (_, Allowed::All) => Verdict::Act(action),
                // What is treated as a whole must be listed as a whole.
                (Action::Hash | Action::Mask(_), Allowed::No | Allowed::Within(_)) => {
                    Verdict::NotListed
                }
            };
        }
        let allowed = match self.allows(key) {
            Allowed::No => return Verdict::NotListed,
            Allowed::All => None,
            Allowed::Within(nodes) => Some(nodes),
        };
        if allowed.is_none() && !actions.iter().any(|node| node.has_more()) {
            return Verdict::Leave;
        }
        Verdict::Within(Position {
            actions,
            allowed,
            is_start: false,
        })
    }

    /// Whether text, numbers and booleans may leave from here; lists of them are no member.
    pub(super) fn takes_scalars(&self) -> bool {
        self.allowed.is_none()
    }

    fn allows(&self, key: &str) -> Allowed<'r> {
        let Some(nodes) = &self.allowed else {
            return Allowed::All;
        };
        let nodes: Vec<_> = nodes
            .iter()
            .flat_map(|node| node.member(key, true))
            .collect();
        if nodes.is_empty() {
            Allowed::No
        } else if nodes.iter().any(|node| node.says.is_some()) {
            Allowed::All
        } else {
            Allowed::Within(nodes)
        }
    }
}

enum Allowed<'r> {
    No,
    All,
    Within(Vec<&'r Node<()>>),
}
