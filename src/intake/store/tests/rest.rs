//! Messages, vendor tokens, figures, and opening again.

use super::{Scene, at, bytes};
use crate::case::State;
use crate::intake::store::{
    Absent, AddedMessage, NewMessage, Role, Selection, Settings, Store, StoreError, TokenName,
};
use crate::wire::{Author, MessageId, ReportId, Token};
use sha2::{Digest, Sha256};

use super::scene::{collect, new_upload, origin};

#[tokio::test]
async fn messages_go_both_ways_once() {
    for scene in Scene::all().await {
        let id = scene.posted(b"report").await;
        let send = async |from, content: &'static [u8], key: u8| {
            let new = NewMessage {
                id: MessageId::from_entropy([content[0]; 16]),
                from,
                at: at(i64::from(content[0])),
                sha256: Sha256::digest(content).into(),
                key: Some([key; 32]),
            };
            let segments = vec![scene.segment(content).await];
            scene.store.add_message(&id, new, segments).await
        };
        let first = send(Author::Vendor, b"1 hello", 1).await.unwrap();
        assert!(matches!(first, AddedMessage::Fresh(_)));
        let again = send(Author::Vendor, b"1 hello", 1).await.unwrap();
        assert!(matches!(again, AddedMessage::Known(_)));
        send(Author::Reporter, b"2 thank you", 2).await.unwrap();
        let reused = send(Author::Vendor, b"3 other", 1).await;
        assert!(matches!(reused, Err(StoreError::KeyReused)));
        let messages = scene.store.messages(&id).await.unwrap();
        let from: Vec<_> = messages.iter().map(|message| message.from).collect();
        assert_eq!(from, [Author::Vendor, Author::Reporter], "{}", scene.name);
        let sealed = scene
            .store
            .sealed_message(&id, &messages[1].id)
            .await
            .unwrap();
        assert_eq!(sealed.size(), messages[1].size);
        assert_eq!(collect(sealed.stream(2..100)).await.unwrap(), b"thank you");
        let summary = scene.store.report(&id).await.unwrap().summary;
        let counts = (summary.messages_from_reporter, summary.messages_from_vendor);
        assert_eq!(counts, (1, 1));
        // A message is of its report alone.
        let other = scene.posted(b"another").await;
        let foreign = scene.store.sealed_message(&other, &messages[0].id).await;
        assert!(matches!(foreign, Err(StoreError::NotFound)));
        scene.store.delete(&id, at(9)).await.unwrap();
        let late = send(Author::Reporter, b"4 late", 4).await;
        assert!(matches!(late, Err(StoreError::Gone)), "{}", scene.name);
        assert_eq!(scene.objects().await, 1, "{}", scene.name);
    }
}

#[tokio::test]
async fn p44_tokens_are_hashed_scoped_and_revoked_at_once() {
    for scene in Scene::all().await {
        let store = &scene.store;
        let name: TokenName = "inbox".parse().unwrap();
        let token = Token::from_bytes(&[7; 32]);
        store
            .add_token(&name, Role::Triage, &token.hash(), at(1))
            .await
            .unwrap();
        let refused = store
            .add_token(&name, Role::Admin, &token.hash(), at(1))
            .await;
        assert!(matches!(refused, Err(StoreError::NameTaken(_))));
        let found = store.vendor(&token.hash()).await.unwrap().unwrap();
        assert_eq!((&*found.name, found.role), ("inbox", Role::Triage));
        let other = Token::from_bytes(&[8; 32]);
        assert_eq!(store.vendor(&other.hash()).await.unwrap(), None);
        store.revoke_token(&name, at(2)).await.unwrap();
        assert_eq!(store.vendor(&token.hash()).await.unwrap(), None);
        let twice = store.revoke_token(&name, at(2)).await;
        assert!(matches!(twice, Err(StoreError::NotFound)));
        store
            .add_token(&name, Role::Read, &other.hash(), at(3))
            .await
            .unwrap();
        let listed = store.tokens().await.unwrap();
        let revoked: Vec<_> = listed.iter().map(|row| row.revoked).collect();
        assert_eq!(revoked, [Some(at(2)), None], "{}", scene.name);
    }
}

#[tokio::test]
async fn figures_count() {
    for scene in Scene::all().await {
        scene.posted(&bytes(1, 10)).await;
        scene.posted(&bytes(2, 20)).await;
        let statistics = scene.store.statistics().await.unwrap();
        assert_eq!(statistics.reports, [(State::Received, 2)]);
        assert_eq!(statistics.report_bytes, 30);
        assert_eq!(statistics.open_uploads, 0);
        scene.store.ready().await.unwrap();
        if let Some(space) = scene.store.space().unwrap() {
            assert!(space.free > 0 && space.free <= space.total);
        }
    }
}

#[tokio::test]
async fn a_store_is_there_again_after_closing() {
    for scene in Scene::all().await {
        let content = bytes(1, 100);
        let posted = scene.post(&content, origin(1, 1)).await;
        posted.unwrap();
        scene.store.close().await;
        let settings = Settings {
            absent: Absent::Refuse,
            ..scene.settings.clone()
        };
        let store = Store::open(settings).await.unwrap();
        let page = store.list(&Selection::default(), 10).await.unwrap();
        assert_eq!(page.reports.len(), 1, "{}", scene.name);
        let missing = store.report(&ReportId::from_entropy([1; 16])).await;
        assert!(matches!(missing, Err(StoreError::NotFound)));
    }
}

/// Uploads of a time before the tables knew when a first byte has to come are given all theirs.
#[tokio::test]
async fn a_store_of_before_is_brought_up_to_date() {
    for scene in Scene::all().await {
        let upload = new_upload(None, origin(1, 1));
        scene.store.create_upload(upload.clone()).await.unwrap();
        let mut tx = scene.store.database().begin().await.unwrap();
        let before = "ALTER TABLE uploads DROP COLUMN first_byte_by;
            ALTER TABLE segments DROP COLUMN bytes;
            UPDATE schema_version SET version = 1";
        tx.define(before.to_owned()).await.unwrap();
        tx.commit().await.unwrap();
        scene.store.close().await;
        let store = Store::open(scene.settings.clone()).await.unwrap();
        let kept = store.upload(&upload.id).await.unwrap();
        assert_eq!(kept.ends(), upload.expires, "{}", scene.name);
        let new = new_upload(None, origin(2, 2));
        store.create_upload(new).await.unwrap();
    }
}

#[tokio::test]
async fn one_server_at_a_time_works_over_a_file() {
    for scene in Scene::all().await {
        let alone = scene.store.serve_alone().unwrap();
        let settings = Settings {
            absent: Absent::Refuse,
            ..scene.settings.clone()
        };
        let second = Store::open(settings).await.unwrap();
        if scene.store.database().is_file() {
            let refused = second.serve_alone();
            assert!(
                matches!(refused, Err(StoreError::Served(folder)) if folder == *second.folder())
            );
        } else {
            let _both = second.serve_alone().unwrap();
        }
        drop(alone);
        let _other = second.serve_alone().unwrap();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn everything_is_owner_only_and_nothing_is_made_by_a_typo() {
    use std::os::unix::fs::MetadataExt;

    let scene = Scene::local().await;
    scene.posted(b"report").await;
    let _alone = scene.store.serve_alone().unwrap();
    let mut folders = vec![scene.settings.folder.clone()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        assert_eq!(std::fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let mode = std::fs::metadata(&path).unwrap().mode();
                assert_eq!(mode & 0o777, 0o600, "{}", path.display());
                files += 1;
            }
        }
    }
    assert!(files >= 3);
    let settings = Settings {
        folder: scene.folder.path().join("intkae"),
        absent: Absent::Refuse,
        ..scene.settings.clone()
    };
    let refused = Store::open(settings.clone()).await;
    assert!(matches!(refused, Err(StoreError::NoStore(_))));
    assert!(!settings.folder.exists());
}
