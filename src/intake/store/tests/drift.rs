//! What `fsck` finds and mends, what `sweep` removes, and how long a list takes.

use std::{collections::HashMap, time::Instant};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::{Scene, at, bytes};
use crate::case::EventKind;
use crate::intake::store::{
    Ages, Check, Checked, DriftKind, NewMessage, Origin, PartOf, Piece, Role, Selection,
    StoreError, batch::Entry, database::values, objects::ObjectKey, reports,
};
use crate::wire::{Author, MessageId, NewEvent, ReportId, Token};
use sha2::{Digest, Sha256};

use super::scene::{new_report, new_upload, origin};

async fn check(scene: &Scene, deep: bool, repair: bool) -> Checked {
    let how = Check {
        repair,
        deep,
        grace_ended: Timestamp::MAX,
        now: at(100),
    };
    scene.store.check(&how).await.unwrap()
}

fn kinds(checked: &Checked) -> Vec<(DriftKind, bool)> {
    let kinds = checked.drift.iter();
    kinds.map(|drift| (drift.kind, drift.mended)).collect()
}

/// The only object of a report.
async fn object_of(scene: &Scene, id: &ReportId) -> ObjectKey {
    let sql = "SELECT object FROM segments WHERE report = $1";
    let row = scene.store.database().row(sql, values![id.as_str()]).await;
    row.unwrap().unwrap().parsed(0).unwrap()
}

async fn replace(scene: &Scene, key: &ObjectKey, content: Option<&[u8]>) {
    scene.store.objects().remove(key).await.unwrap();
    if let Some(content) = content {
        let mut writer = scene.store.objects().begin(key);
        writer.write(Bytes::copy_from_slice(content)).await.unwrap();
        writer.finish().await.unwrap();
    }
}

async fn execute(scene: &Scene, sql: &str) {
    let mut tx = scene.store.database().begin().await.unwrap();
    tx.define(sql.to_owned()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn p12_p21_fsck_finds_lost_short_and_altered_reports_and_keeps_their_rows() {
    for scene in Scene::all().await {
        let content = bytes(1, 5000);
        let id = scene.posted(&content).await;
        let key = object_of(&scene, &id).await;
        let mut altered = content.clone();
        altered[4000] ^= 1;
        assert_eq!(kinds(&check(&scene, true, true).await), []);
        for (now, kind, deep) in [
            (None, DriftKind::Missing, false),
            (Some(&content[..4999]), DriftKind::WrongSize, false),
            (Some(&altered[..]), DriftKind::Altered, true),
        ] {
            replace(&scene, &key, now).await;
            for repair in [false, true, true] {
                let checked = check(&scene, deep, repair).await;
                assert_eq!(kinds(&checked), [(kind, false)], "{}", scene.name);
                assert_eq!(checked.drift[0].part_of, Some(PartOf::Report(id.clone())));
                let damaged = scene.store.report(&id).await.unwrap().damaged;
                assert_eq!(damaged.is_some(), repair, "{}", scene.name);
            }
            // Brought back from a backup.
            replace(&scene, &key, Some(&content)).await;
            let healed = check(&scene, true, true).await;
            assert_eq!(kinds(&healed), [(DriftKind::Healed, true)]);
            assert_eq!(kinds(&check(&scene, true, false).await), []);
        }
        // What was lost is not given out as if it were whole.
        replace(&scene, &key, Some(&content[..4999])).await;
        let sealed = scene.store.sealed(&id).await.unwrap();
        let read = super::scene::collect(sealed.stream(0..5000)).await;
        assert!(read.is_err(), "{}", scene.name);
    }
}

#[tokio::test]
async fn p21_fsck_finds_drift_between_rows() {
    for scene in Scene::all().await {
        let kept = scene.posted(&bytes(1, 100)).await;
        let id = scene.posted(&bytes(2, 100)).await;
        let row = format!("DELETE FROM segments WHERE report = '{id}'");
        execute(&scene, &row).await;
        let found = check(&scene, false, true).await;
        let found: Vec<_> = kinds(&found);
        assert!(
            found.contains(&(DriftKind::Incomplete, false)),
            "{}",
            scene.name
        );
        // Its bytes are nobody's now. The row of the report stays.
        assert!(found.contains(&(DriftKind::Orphan, true)), "{}", scene.name);
        assert!(scene.store.report(&id).await.unwrap().damaged.is_some());
        scene.store.delete(&id, at(5)).await.unwrap();
        // An upload that lacks bytes has to begin again.
        let upload = new_upload(None, Origin::default());
        let upload_id = upload.id.clone();
        scene.store.create_upload(upload).await.unwrap();
        let segments = vec![scene.segment(b"12345").await, scene.segment(b"67").await];
        let piece = Piece {
            offset: 0,
            segments,
        };
        scene.store.append(&upload_id, piece, b"").await.unwrap();
        execute(
            &scene,
            "DELETE FROM segments WHERE upload IS NOT NULL AND start = 5",
        )
        .await;
        let found = check(&scene, false, true).await;
        assert_eq!(found.left(), 0, "{} {:?}", scene.name, found.drift);
        assert!(matches!(
            scene.store.upload(&upload_id).await,
            Err(StoreError::NotFound)
        ));
        assert_eq!(kinds(&check(&scene, true, false).await), []);
        assert_eq!(scene.objects().await, 1);
        assert_eq!(scene.read(&kept).await.len(), 100);
    }
}

#[tokio::test]
async fn p21_fsck_counts_and_finds_a_lost_message() {
    for scene in Scene::all().await {
        let id = scene.posted(&bytes(1, 100)).await;
        let message = NewMessage {
            id: MessageId::from_entropy([1; 16]),
            from: Author::Vendor,
            at: at(2),
            sha256: Sha256::digest(b"hello").into(),
            key: None,
        };
        let segments = vec![scene.segment(b"hello").await];
        scene
            .store
            .add_message(&id, message, segments)
            .await
            .unwrap();
        let upload = new_upload(None, Origin::default());
        scene.store.create_upload(upload).await.unwrap();
        let checked = check(&scene, true, false).await;
        assert_eq!(
            (checked.reports, checked.messages, checked.uploads),
            (1, 1, 1)
        );
        assert_eq!((checked.objects, checked.bytes), (2, 105), "{}", scene.name);
        assert_eq!(checked.left(), 0);
        let sql = "SELECT object FROM segments WHERE message IS NOT NULL";
        let row = scene.store.database().row(sql, values![]).await.unwrap();
        replace(&scene, &row.unwrap().parsed(0).unwrap(), None).await;
        let checked = check(&scene, false, true).await;
        assert_eq!(kinds(&checked), [(DriftKind::Missing, false)]);
        let message = MessageId::from_entropy([1; 16]);
        let part_of = Some(PartOf::Message(id.clone(), message));
        assert_eq!(checked.drift[0].part_of, part_of, "{}", scene.name);
        assert!(scene.store.report(&id).await.unwrap().damaged.is_some());
    }
}

#[tokio::test]
async fn p40_sweep_removes_what_has_had_its_time_and_nothing_else() {
    for scene in Scene::all().await {
        let store = &scene.store;
        let [old, new] = [at(10), at(2000)].map(|expires| {
            let mut upload = new_upload(None, Origin::default());
            upload.first_byte_by = at(5);
            upload.expires = expires;
            upload
        });
        for upload in [&old, &new] {
            store.create_upload(upload.clone()).await.unwrap();
            let segments = vec![scene.segment(b"12345").await];
            let piece = Piece {
                offset: 0,
                segments,
            };
            store.append(&upload.id, piece, b"").await.unwrap();
        }
        let mut idle = new_upload(None, Origin::default());
        idle.first_byte_by = at(10);
        store.create_upload(idle.clone()).await.unwrap();
        let closed = scene.posted(b"closed").await;
        let open = scene.posted(b"open").await;
        let event = NewEvent {
            kind: EventKind::Closed,
            until: None,
        };
        store.add_event(&closed, &event, at(100)).await.unwrap();
        let deleted = scene.posted(b"deleted").await;
        store.delete(&deleted, at(100)).await.unwrap();
        let name = "inbox".parse().unwrap();
        let token = Token::from_bytes(&[1; 32]);
        store
            .add_token(&name, Role::Read, &token.hash(), at(1))
            .await
            .unwrap();
        store.revoke_token(&name, at(100)).await.unwrap();

        let mut ages = Ages::at(at(1000));
        let swept = store.sweep(&ages).await.unwrap();
        assert_eq!((swept.uploads, swept.reports, swept.tombstones), (2, 0, 0));
        assert!(swept.compacted);
        for gone in [&old, &idle] {
            let gone = store.upload(&gone.id).await;
            assert!(matches!(gone, Err(StoreError::NotFound)));
        }
        assert_eq!(store.upload(&new.id).await.unwrap().offset, 5);
        assert_eq!(scene.objects().await, 3, "{}", scene.name);
        ages.closed = Some(SignedDuration::from_secs(900));
        ages.tombstones = SignedDuration::from_secs(900);
        let swept = store.sweep(&ages).await.unwrap();
        assert_eq!((swept.reports, swept.tombstones, swept.tokens), (1, 1, 1));
        assert!(matches!(store.report(&closed).await, Err(StoreError::Gone)));
        assert!(matches!(
            store.report(&deleted).await,
            Err(StoreError::NotFound)
        ));
        assert!(store.report(&open).await.is_ok());
        assert_eq!(scene.objects().await, 2, "{}", scene.name);
        assert_eq!(kinds(&check(&scene, true, false).await), []);
    }
}

#[tokio::test]
async fn p43_deleted_means_gone_from_the_data_folder() {
    let scene = Scene::local().await;
    let kept = scene.posted(&bytes(1, 3000)).await;
    let mut canaries: Vec<Vec<u8>> = Vec::new();
    for number in 0..40_u8 {
        let content = bytes(100 + u64::from(number), 9000);
        let segment = scene.segment(&content).await;
        let mut report = new_report(&content, at(i64::from(number)));
        report.receipt = format!("a receipt of {number:03} canary {}", "x".repeat(500));
        let id = report.id.clone();
        let mut origin = origin(number, 0);
        origin.key = Some(Sha256::digest([number]).into());
        canaries.push(content[100..140].to_vec());
        canaries.push(report.sha256.to_vec());
        canaries.push(id.as_str().into());
        canaries.push(origin.case.unwrap().as_bytes().to_vec());
        canaries.push(origin.key.unwrap().to_vec());
        canaries.push(format!("{number:03} canary").into());
        let accepted = scene.store.accept(report, origin, vec![segment]).await;
        accepted.unwrap();
        let event = NewEvent {
            kind: EventKind::Accepted,
            until: None,
        };
        scene.store.add_event(&id, &event, at(50)).await.unwrap();
        if number % 3 == 0 {
            scene.store.delete(&id, at(60)).await.unwrap();
        }
    }
    assert!(seen(&scene, &canaries) > 0);
    let all = scene.store.list(&Selection::default(), 100).await.unwrap();
    for report in all.reports.iter().filter(|report| report.id != kept) {
        scene.store.delete(&report.id, at(60)).await.unwrap();
    }
    let mut ages = Ages::at(at(100));
    ages.tombstones = SignedDuration::ZERO;
    let swept = scene.store.sweep(&ages).await.unwrap();
    assert!(swept.compacted);
    assert_eq!(seen(&scene, &canaries), 0);
    assert_eq!(scene.read(&kept).await, bytes(1, 3000));
}

/// How often a canary stands in a file of the data folder, or in its name.
fn seen(scene: &Scene, canaries: &[Vec<u8>]) -> usize {
    // Found by their beginnings, or this would take a minute.
    let beginnings: HashMap<&[u8], &Vec<u8>> = canaries.iter().map(|c| (&c[..8], c)).collect();
    let mut folders = vec![scene.settings.folder.clone()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mut content = std::fs::read(&path).unwrap();
            content.extend(path.as_os_str().as_encoded_bytes());
            for (start, window) in content.windows(8).enumerate() {
                let canary = beginnings.get(window);
                seen += usize::from(canary.is_some_and(|c| content[start..].starts_with(c)));
            }
        }
    }
    seen
}

#[tokio::test]
async fn ten_thousand_reports_are_listed_at_once() {
    for scene in Scene::all().await {
        let mut tx = scene.store.database().begin().await.unwrap();
        for number in 0..10_000_u64 {
            let report = new_report(&number.to_be_bytes(), at(i64::try_from(number).unwrap()));
            reports::insert(&mut tx, &[Entry::new(&report, &Origin::default())])
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let mut selection = Selection::default();
        let mut times = Vec::new();
        let mut count = 0;
        loop {
            let start = Instant::now();
            let page = scene.store.list(&selection, 1000).await.unwrap();
            times.push(start.elapsed());
            count += page.reports.len();
            selection.cursor = page.next;
            if selection.cursor.is_none() {
                break;
            }
        }
        assert_eq!(count, 10_000);
        let (all, worst) = (
            times.iter().sum::<std::time::Duration>(),
            times.iter().max(),
        );
        println!(
            "{}: 10,000 reports in {all:?}, a page of 1,000 in at most {worst:?}",
            scene.name
        );
        // Generous, for a machine that does other things.
        assert!(all.as_secs() < 5, "{}", scene.name);
    }
}
