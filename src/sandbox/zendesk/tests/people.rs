//! Users, as the simulator's own interface gives them.

use std::collections::BTreeSet;

use super::*;

async fn account(users: usize) -> ZendeskSimulator {
    let zendesk = ZendeskSimulator::start(ZendeskOptions { users, ..options() }).await;
    zendesk.expect("a simulator")
}

fn keys(user: &UserVersion) -> usize {
    let value: Value = serde_json::from_slice(&user.json).expect("JSON");
    value.as_object().map_or(0, serde_json::Map::len)
}

#[tokio::test]
async fn look_like_recorded_ones() {
    let zendesk = account(400).await;
    let users = zendesk.users();
    let lengths: BTreeSet<usize> = users.iter().map(|user| user.id.to_string().len()).collect();
    assert_eq!(lengths, BTreeSet::from([13, 14]));
    let seconds: BTreeSet<_> = users.iter().map(|user| user.updated_at).collect();
    assert!(seconds.len() < 300, "many users share a second");
    assert!(users.iter().all(|user| user.created_at <= user.updated_at));
    assert!(users.iter().all(|user| keys(user) == 37));
    let nobodys = |user: &&UserVersion| user.json.windows(12).any(|part| part == b"\"email\":null");
    let without_email = users.iter().filter(nobodys).count();
    assert!(
        (200..350).contains(&without_email),
        "{without_email} of 400"
    );
}

#[tokio::test]
async fn keep_every_version_they_had() {
    let zendesk = account(10).await;
    let id = zendesk.change(1)[0];
    assert!(
        zendesk
            .collection("users")
            .expect("users")
            .delete_one(&id.to_string())
    );
    assert!(!zendesk.change_user(id), "the deleted stay as they are");
    let versions = zendesk.history().remove(&id).expect("versions");
    assert_eq!(versions.len(), 3);
    assert_ne!(versions[0].json, versions[1].json);
    assert!(!versions[2].active);
    assert_eq!(keys(&versions[2]), 38, "one more once deleted");
    assert_eq!(zendesk.users().len(), 10);
}

#[tokio::test]
async fn the_owner_cannot_be_deleted() {
    let zendesk = account(1).await;
    let owner = zendesk.users()[0].id.to_string();
    let users = zendesk.collection("users").expect("users");
    assert!(!users.delete_one(&owner));
    assert!(users.delete(5).is_empty());
    assert!(users.merge(5).is_empty());
}

#[tokio::test]
async fn an_identity_is_found_by_its_users_change() {
    let zendesk = account(30).await;
    let identities = zendesk.collection("user_identities").expect("a stream");
    let id = identities.create(1).remove(0);
    let identity = identities.get(&id).expect("an identity");
    let identity: Value = serde_json::from_slice(&identity.json).expect("JSON");
    let user = identity["user_id"].as_u64().expect("a user");
    assert_eq!(zendesk.history()[&user].len(), 2);
}
