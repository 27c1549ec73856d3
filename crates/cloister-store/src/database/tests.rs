use crate::database::statement;
use crate::ephemeral::{AT, Ephemeral, event};
use crate::{
    Approval, Conflict, DatasetVersion, Egress, ObjectEnd, ObjectKind, Outcome, PeopleSegment, Request,
    RequestState, SavedQuery, Store, StoredAccount, StoredObject, StoredProject, StoredReleaseRequest,
    StoredSession, StoredToken,
};
use cloister_governance::Manifest;
use cloister_governance::project::ProjectState;
use cloister_model::{DataKey, Digest, Name};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn project(name: &str) -> StoredProject {
    StoredProject {
        name: name.to_owned(),
        text: "title = \"Sømething 'quoted' \\ $1 ? 試験\"".to_owned(),
        state: ProjectState::Active,
        created_by: "admin".to_owned(),
        created_at: AT.to_owned(),
    }
}

fn request(id: &str) -> Request {
    Request {
        id: id.to_owned(),
        project: "p".to_owned(),
        user: "researcher".to_owned(),
        sql: "SELECT '$1', '?', \"a\" -- é".to_owned(),
        state: RequestState::Running,
        policy_name: "nhs-england".to_owned(),
        policy_digest: Digest::of(b"policy").to_string(),
        datasets: "[]".to_owned(),
        plan_digest: None,
        reasons: "[]".to_owned(),
        submitted_at: AT.to_owned(),
        settled_at: None,
    }
}

async fn with_projects_and_request(store: &Store) {
    let mut tx = store.begin().await.unwrap();
    for name in ["p", "q"] {
        assert!(tx.add_project(&project(name)).await.unwrap());
    }
    tx.add_request(&request("req_1")).await.unwrap();
    tx.commit(vec![event("p")]).await.unwrap();
}

#[tokio::test]
async fn projects_and_their_order() {
    for hub in Ephemeral::on_each().await {
        let store = &hub.store;
        let mut tx = store.begin().await.unwrap();
        // As bytes: people of no country sort these so.
        for name in ["ab", "a-c", "b", "a-a", "a1", "aa"] {
            assert!(tx.add_project(&project(name)).await.unwrap());
        }
        // A name that is taken is no error, and what comes after it counts.
        assert!(!tx.add_project(&project("b")).await.unwrap());
        assert!(tx.move_project("b", ProjectState::Active, ProjectState::Suspended).await.unwrap());
        assert!(!tx.move_project("b", ProjectState::Active, ProjectState::Suspended).await.unwrap());
        tx.commit(vec![event("b")]).await.unwrap();
        let found = store.projects().await.unwrap();
        let names: Vec<&str> = found.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["a-a", "a-c", "a1", "aa", "ab", "b"]);
        let b = store.project(&name("b")).await.unwrap().unwrap();
        assert_eq!((b.state, b.text), (ProjectState::Suspended, project("b").text));
        assert!(store.project(&name("c")).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn queries_and_releases() {
    for hub in Ephemeral::on_each().await {
        let store = &hub.store;
        with_projects_and_request(store).await;
        let found = store.request("req_1").await.unwrap().unwrap();
        assert_eq!(
            (found.user.as_str(), found.sql, found.plan_digest),
            ("researcher", request("").sql, None)
        );
        assert_eq!(store.request_ids(RequestState::Running).await.unwrap(), ["req_1"]);
        let outcome = |state, reasons| Outcome {
            request: "req_1",
            state,
            plan_digest: Some(Digest::of(b"plan")),
            reasons,
            at: AT,
        };
        let mut tx = store.begin().await.unwrap();
        assert!(tx.settle(&outcome(RequestState::Held, "[]")).await.unwrap());
        assert!(!tx.settle(&outcome(RequestState::Failed, "[]")).await.unwrap());
        assert!(!tx.move_on("req_1", RequestState::Released, RequestState::Revoked, AT).await.unwrap());
        assert!(tx.move_on("req_1", RequestState::Held, RequestState::Released, AT).await.unwrap());
        tx.add_release("req_1", Digest::of(b"package"), AT).await.unwrap();
        tx.add_request(&request("req_2")).await.unwrap();
        let refused =
            Outcome { request: "req_2", ..outcome(RequestState::Refused, r#"[{"code":"no-plan"}]"#) };
        assert!(tx.settle(&refused).await.unwrap());
        tx.commit(vec![event("p")]).await.unwrap();
        assert_eq!(store.release("req_1").await.unwrap(), Some(Digest::of(b"package")));
        assert_eq!(store.release("req_2").await.unwrap(), None);
        let out = store.released_of_projects().await.unwrap();
        assert_eq!(
            out.iter().map(|o| (o.project.as_str(), o.count, o.last.as_str())).collect::<Vec<_>>(),
            [("p", 1, AT)]
        );
        let ids = |requests: Vec<Request>| requests.into_iter().map(|r| r.id).collect::<Vec<_>>();
        assert_eq!(ids(store.requests_refused_as("no-plan").await.unwrap()), ["req_2"]);
        assert_eq!(ids(store.requests_refused_as("plan").await.unwrap()), [""; 0]);
        assert_eq!(ids(store.requests().await.unwrap()), ["req_1", "req_2"]);
    }
}

#[tokio::test]
async fn dataset_versions_and_people() {
    for hub in Ephemeral::on_each().await {
        let store = &hub.store;
        let mut tx = store.begin().await.unwrap();
        let key = DataKey::from_bytes([7; 32]);
        for version in [1, 2] {
            let manifest = Manifest {
                dataset: name("gp"),
                version,
                contract: Digest::of(b"contract"),
                people_per_bucket: u32::MAX,
                tables: Vec::new(),
                record_keys: None,
            };
            let text = serde_json::to_string(&manifest).unwrap();
            tx.add_dataset_version(&DatasetVersion {
                digest: Manifest::digest(&text),
                manifest_text: text,
                manifest,
                contract: "contract".to_owned(),
                source_digest: Digest::of(&version.to_le_bytes()),
                wrapped_key: store
                    .keys()
                    .wrap(&DatasetVersion::key_place(&name("gp"), version), &key)
                    .unwrap(),
                rejects: "{}".to_owned(),
                landed_by: "admin".to_owned(),
                landed_at: AT.to_owned(),
            })
            .await
            .unwrap();
        }
        // All that an unsigned 32-bit number can be.
        for (first, sealed) in [(0, vec![0, 255, 0, 128]), (u32::MAX, Vec::new())] {
            tx.add_people_segment(&PeopleSegment { first, count: u32::MAX, sealed }).await.unwrap();
        }
        tx.set_dataset_owners(&name("gp"), &[name("o1"), name("o2")].into()).await.unwrap();
        tx.set_dataset_owners(&name("gp"), &[name("o2"), name("o3")].into()).await.unwrap();
        tx.commit(vec![event("gp")]).await.unwrap();
        let newest = store.dataset_version(&name("gp"), None).await.unwrap().unwrap();
        assert_eq!((newest.manifest.version, newest.manifest.people_per_bucket), (2, u32::MAX));
        assert_eq!(store.data_key(&newest).unwrap().expose(), key.expose());
        let first = store.dataset_version(&name("gp"), Some(1)).await.unwrap().unwrap();
        assert_eq!(first.manifest.version, 1);
        assert!(store.dataset_version(&name("gp"), Some(3)).await.unwrap().is_none());
        assert_eq!(store.landed_from(&name("gp"), first.source_digest).await.unwrap(), Some(1));
        assert_eq!(store.landed_from(&name("gp"), Digest::of(b"other")).await.unwrap(), None);
        assert_eq!(store.dataset_versions().await.unwrap().len(), 2);
        let segments = store.people_segments().await.unwrap();
        let seen: Vec<_> = segments.iter().map(|s| (s.first, s.count, s.sealed.as_slice())).collect();
        assert_eq!(seen, [(0, u32::MAX, &[0, 255, 0, 128][..]), (u32::MAX, u32::MAX, &[])]);
        assert_eq!(store.dataset_owners(&name("gp")).await.unwrap(), [name("o2"), name("o3")].into());
        // The same files are not two versions.
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.add_dataset_version(&newest).await.unwrap_err().code(), "database");
    }
}

#[tokio::test]
async fn workspaces_saved_queries_and_approvals() {
    for hub in Ephemeral::on_each().await {
        let store = &hub.store;
        with_projects_and_request(store).await;
        let object = StoredObject {
            request: "req_1".to_owned(),
            project: name("p"),
            name: "t".parse().unwrap(),
            kind: ObjectKind::Table,
            end: None,
            sql: "CREATE TABLE t AS SELECT 1".to_owned(),
            manifest: "{}".to_owned(),
            digest: Digest::of(b"{}"),
            lineage: "[]".to_owned(),
            wrapped_key: Some(vec![1, 0, 2]),
            plan_digest: Digest::of(b"plan"),
            policy_digest: Digest::of(b"policy"),
            made_by: "researcher".to_owned(),
            made_at: AT.to_owned(),
            expires_at: AT.to_owned(),
        };
        let mut tx = store.begin().await.unwrap();
        assert!(tx.add_workspace_object(&object).await.unwrap());
        tx.add_request(&request("req_2")).await.unwrap();
        let second = StoredObject { request: "req_2".to_owned(), ..object.clone() };
        assert!(!tx.add_workspace_object(&second).await.unwrap(), "the name is taken");
        assert_eq!(tx.count_workspace(&name("p")).await.unwrap(), (1, 0));
        let query = |text: &str| SavedQuery {
            project: "p".to_owned(),
            name: "count".to_owned(),
            text: text.to_owned(),
            author: "researcher".to_owned(),
            saved_at: AT.to_owned(),
        };
        tx.put_saved_query(&query("SELECT 1")).await.unwrap();
        tx.put_saved_query(&query("SELECT 2")).await.unwrap();
        let approval = Approval {
            id: "apr_1".to_owned(),
            project: "p".to_owned(),
            plan_digest: Digest::of(b"plan"),
            policy_digest: Digest::of(b"policy"),
            datasets: "[]".to_owned(),
            sql: "SELECT 1".to_owned(),
            author: "researcher".to_owned(),
            granted_by: "checker".to_owned(),
            granted_at: AT.to_owned(),
            revoked: None,
        };
        tx.add_approval(&approval).await.unwrap();
        tx.commit(vec![event("p")]).await.unwrap();
        assert_eq!(store.workspace(&name("p")).await.unwrap()[0].wrapped_key, Some(vec![1, 0, 2]));
        assert_eq!(store.workspaces().await.unwrap().len(), 1);
        assert_eq!(store.saved_queries(&name("p")).await.unwrap(), [query("SELECT 2")]);
        assert_eq!(store.saved_query(&name("p"), &name("count")).await.unwrap(), Some(query("SELECT 2")));
        assert_eq!(store.approvals_of(&name("p"), Digest::of(b"plan")).await.unwrap(), [approval]);
        let mut tx = store.begin().await.unwrap();
        assert!(tx.end_workspace_object("req_1", ObjectEnd::Expired, AT).await.unwrap());
        assert!(!tx.end_workspace_object("req_1", ObjectEnd::Dropped, AT).await.unwrap());
        assert!(tx.add_workspace_object(&second).await.unwrap(), "the name is free");
        assert!(tx.end_workspace_object("req_2", ObjectEnd::Expired, AT).await.unwrap());
        assert!(tx.remove_saved_query(&name("p"), &name("count")).await.unwrap());
        assert!(!tx.remove_saved_query(&name("p"), &name("count")).await.unwrap());
        assert!(tx.revoke_approval(&name("p"), "apr_1", &name("checker"), AT).await.unwrap());
        assert!(!tx.revoke_approval(&name("p"), "apr_1", &name("checker"), AT).await.unwrap());
        tx.commit(vec![event("p")]).await.unwrap();
        let expired = store.expired_workspace(&name("p")).await.unwrap();
        assert_eq!(
            (expired.len(), expired[0].request.as_str(), &expired[0].wrapped_key),
            (1, "req_2", &None)
        );
        assert_eq!(store.approvals_of(&name("p"), Digest::of(b"plan")).await.unwrap(), []);
        let revoked = store.approvals(&name("p")).await.unwrap()[0].revoked.clone();
        assert_eq!(revoked, Some(("checker".to_owned(), AT.to_owned())));
    }
}

#[tokio::test]
async fn release_requests() {
    for hub in Ephemeral::on_each().await {
        let store = &hub.store;
        with_projects_and_request(store).await;
        let asked = |id: &str, revision| StoredReleaseRequest {
            id: id.to_owned(),
            project: "p".to_owned(),
            state: "submitted".to_owned(),
            revision,
            body: format!("{{\"revision\":{revision}}}"),
        };
        let queries = ["req_1".to_owned()];
        let mut tx = store.begin().await.unwrap();
        assert!(tx.add_release_request(&asked("rel_1", 1), &queries).await.unwrap());
        tx.commit(vec![event("rel_1")]).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        assert!(!tx.add_release_request(&asked("rel_2", 1), &queries).await.unwrap(), "it is in another");
        drop(tx);
        assert_eq!(store.asked_for("req_1").await.unwrap().as_deref(), Some("rel_1"));
        let mut tx = store.begin().await.unwrap();
        assert!(tx.change_release_request(&asked("rel_1", 2), 1).await.unwrap());
        assert!(!tx.change_release_request(&asked("rel_1", 2), 1).await.unwrap(), "it has changed meanwhile");
        tx.free_queries("rel_1").await.unwrap();
        tx.commit(vec![event("rel_1")]).await.unwrap();
        assert_eq!(store.release_requests().await.unwrap(), [asked("rel_1", 2)]);
        assert_eq!(store.release_request("rel_2").await.unwrap(), None);
        assert_eq!(store.asked_for("req_1").await.unwrap(), None);
    }
}

#[tokio::test]
async fn accounts_and_how_people_stand() {
    for hub in Ephemeral::on_each().await {
        let store = &hub.store;
        assert!(!store.has_accounts().await.unwrap());
        with_projects_and_request(store).await;
        let account = |who: &str, subject: Option<&str>| StoredAccount {
            name: name(who),
            revision: 1,
            body: "{}".to_owned(),
            subject: subject.map(|s| ("https://idp".to_owned(), s.to_owned())),
        };
        let session = |hash: &str, ends_at: &str| StoredSession {
            hash: hash.to_owned(),
            account: name("alice"),
            ends_at: ends_at.to_owned(),
            body: "{}".to_owned(),
        };
        let egress = |ends_at: &str| Egress {
            project: name("p"),
            person: name("alice"),
            ends_at: ends_at.to_owned(),
            granted_by: name("owner"),
            granted_at: AT.to_owned(),
        };
        let conflict = Conflict { project: name("p"), person: name("bob"), declared_at: AT.to_owned() };
        let token =
            |body: &str| StoredToken { id: "t1".to_owned(), account: name("alice"), body: body.to_owned() };
        let mut tx = store.begin().await.unwrap();
        assert!(tx.add_account(&account("alice", Some("1"))).await.unwrap());
        assert!(!tx.add_account(&account("alice", None)).await.unwrap(), "the name is taken");
        assert!(!tx.add_account(&account("bob", Some("1"))).await.unwrap(), "the subject is taken");
        assert!(tx.add_account(&account("bob", None)).await.unwrap());
        assert!(tx.add_account(&account("carol", None)).await.unwrap(), "no subject is not the same subject");
        assert!(tx.change_account(&account("bob", Some("2"))).await.unwrap());
        assert!(!tx.change_account(&account("bob", None)).await.unwrap(), "it has changed meanwhile");
        tx.add_session(&session("h1", "2026-01-01T00:00:00.000Z"), "2025-12-31T00:00:00.000Z").await.unwrap();
        tx.add_session(&session("h2", "2026-01-03T00:00:00.000Z"), AT).await.unwrap();
        for body in ["{}", "{\"ended\":true}"] {
            tx.put_access_token(&token(body)).await.unwrap();
        }
        for ends_at in ["2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"] {
            tx.put_egress(&egress(ends_at)).await.unwrap();
        }
        assert!(tx.add_conflict(&conflict).await.unwrap() && !tx.add_conflict(&conflict).await.unwrap());
        tx.commit(vec![event("alice")]).await.unwrap();
        assert!(store.has_accounts().await.unwrap());
        let bob = store.account_of_subject("https://idp", "2").await.unwrap().unwrap();
        assert_eq!((bob.name.as_str(), bob.revision), ("bob", 2));
        assert!(store.account(&name("dave")).await.unwrap().is_none());
        assert_eq!(store.accounts().await.unwrap().len(), 3);
        assert!(store.session("h1").await.unwrap().is_none(), "its time was over");
        store.touch_session("h2", "{\"used\":1}").await.unwrap();
        assert_eq!(store.session("h2").await.unwrap().unwrap().body, "{\"used\":1}");
        assert_eq!(store.access_token("t1").await.unwrap().unwrap().body, "{\"ended\":true}");
        store.touch_token("t1", "{\"used\":1}").await.unwrap();
        assert_eq!(store.access_tokens(&name("alice")).await.unwrap()[0].body, "{\"used\":1}");
        assert_eq!(store.egress(&name("p")).await.unwrap(), [egress("2026-03-01T00:00:00Z")]);
        assert_eq!(store.conflicts(&name("p")).await.unwrap(), [conflict]);
        let mut tx = store.begin().await.unwrap();
        assert!(tx.end_session("h2").await.unwrap() && !tx.end_session("h2").await.unwrap());
        tx.end_sessions(&name("alice")).await.unwrap();
        assert!(tx.remove_conflict(&name("p"), &name("bob")).await.unwrap());
        tx.commit(vec![event("alice")]).await.unwrap();
        assert_eq!(store.conflicts(&name("p")).await.unwrap(), []);
    }
}

/// What SQLite's STRICT tables, foreign keys and checks keep out, PostgreSQL keeps out.
#[tokio::test]
async fn what_does_not_belong_is_refused() {
    for hub in Ephemeral::on_each().await {
        with_projects_and_request(&hub.store).await;
        for wrong in [
            "INSERT INTO people_segment (number, first, count, sealed) VALUES (1, 'one', 1, '')",
            "INSERT INTO project (name, text, state, created_by, created_at) VALUES ('r', NULL, '', '', '')",
            "INSERT INTO release (request, digest, made_at) VALUES ('req_9', '', '')",
            "INSERT INTO session (hash, account, ends_at, body) VALUES ('h', 'nobody', '', '')",
            "INSERT INTO hub (\"only\", name, schema_version) VALUES (2, 'other', 1)",
            "INSERT INTO account (name, revision, body, issuer, subject) VALUES ('a', 1, '', 'i', NULL)",
            "INSERT INTO approval (id, project, plan_digest, policy_digest, datasets, sql, author, granted_by, granted_at)
             VALUES ('apr_1', 'p', '', '', '', '', 'same', 'same', '')",
            "INSERT INTO request (id, project, \"user\", sql, state, policy_name, policy_digest, datasets, reasons, submitted_at)
             VALUES ('req_1', '', '', '', '', '', '', '', '', '')",
        ] {
            assert!(statement(wrong).execute(&hub.store.pool).await.is_err(), "{:?}: {wrong}", hub.database);
        }
    }
}

#[tokio::test]
async fn a_text_that_cannot_be_kept_is_refused_on_both() {
    for hub in Ephemeral::on_each().await {
        let mut tx = hub.store.begin().await.unwrap();
        let sql = "SELECT '\0'".to_owned();
        assert_eq!(tx.add_request(&Request { sql, ..request("req_1") }).await.unwrap_err().code(), "nul");
        drop(tx);
        assert_eq!(hub.store.request("req\0_1").await.unwrap_err().code(), "nul");
        assert!(hub.store.requests().await.unwrap().is_empty());
    }
}
