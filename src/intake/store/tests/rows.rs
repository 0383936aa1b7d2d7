//! Small reports and messages lie in the rows: as whole, as durable and as deletable as objects.

use super::{
    Scene, at, bytes,
    scene::{collect, new_report, new_upload, origin},
};
use crate::{
    intake::store::{
        Accepted, DriftKind, Flushes, NewMessage, Origin, Part, Piece, Segment, Selection,
        Settings, Store, StoreError, database::values,
    },
    wire::{Author, MessageId, ReportId},
};

const LIMIT: u64 = 1000;

/// A store whose rows hold up to [`LIMIT`] bytes.
async fn scene() -> Scene {
    Scene::in_rows(LIMIT, Flushes::Shared).await
}

async fn segment(scene: &Scene, content: &[u8], of: Part) -> Segment {
    let mut writer = scene.store.new_segment(of).unwrap();
    for piece in content.chunks(300) {
        let mut piece = bytes::Bytes::copy_from_slice(piece);
        writer.write(&mut piece).await.unwrap();
    }
    writer.finish().await.unwrap()
}

async fn post(scene: &Scene, content: &[u8]) -> ReportId {
    let segment = segment(scene, content, Part::Whole).await;
    let report = new_report(content, at(1));
    let taken = scene.store.accept(report, Origin::default(), vec![segment]);
    match taken.await.unwrap() {
        Accepted::Fresh(report) => report.summary.id,
        Accepted::Known(_) => panic!("it was known"),
    }
}

#[tokio::test]
async fn p06_what_is_small_is_in_its_row_and_what_is_larger_an_object() {
    let scene = scene().await;
    for (length, objects) in [(1, 0), (999, 0), (1000, 0), (1001, 1), (5000, 2)] {
        let content = bytes(7, length);
        let id = post(&scene, &content).await;
        assert_eq!(scene.objects().await, objects, "{length}");
        assert!(scene.read(&id).await == content, "{length}");
        for (from, to) in [(0, 1), (length / 3, length / 2), (length - 1, length + 9)] {
            let sealed = scene.store.sealed(&id).await.unwrap();
            let part = collect(sealed.stream(from as u64..to as u64))
                .await
                .unwrap();
            assert!(
                part == content[from..to.min(length)],
                "{length} {from}..{to}"
            );
        }
    }
    assert_eq!(scene.drift(false).await, []);
    // Another one opens it, and holds nothing in rows.
    scene.store.close().await;
    let settings = Settings {
        row_limit: 0,
        ..scene.settings.clone()
    };
    let store = Store::open(settings).await.unwrap();
    let page = store.list(&Selection::default(), 10).await.unwrap();
    for report in page.reports {
        let sealed = store.sealed(&report.id).await.unwrap();
        let size = sealed.size();
        assert_eq!(
            collect(sealed.stream(0..size)).await.unwrap().len() as u64,
            size
        );
    }
}

#[tokio::test]
async fn p18_parts_of_uploads_are_objects_however_small() {
    let scene = scene().await;
    let content = bytes(8, 500);
    let upload = new_upload(Some(500), origin(1, 1));
    let id = upload.id.clone();
    scene.store.create_upload(upload).await.unwrap();
    let segments = vec![segment(&scene, &content[..200], Part::Upload).await];
    let piece = Piece {
        offset: 0,
        segments,
    };
    scene.store.append(&id, piece, b"").await.unwrap();
    assert_eq!(scene.objects().await, 1);
    let segments = vec![segment(&scene, &content[200..], Part::Upload).await];
    let piece = Piece {
        offset: 200,
        segments,
    };
    let report = new_report(&content, at(1));
    let taken = scene.store.finish_upload(&id, piece, report).await.unwrap();
    let (Accepted::Fresh(report) | Accepted::Known(report)) = taken;
    assert!(scene.read(&report.summary.id).await == content);
    assert_eq!(scene.drift(false).await, []);
}

#[tokio::test]
async fn p07_what_got_no_row_leaves_nothing() {
    let scene = scene().await;
    let content = bytes(9, 900);
    drop(segment(&scene, &content, Part::Whole).await);
    let break_it = "CREATE TRIGGER broken BEFORE INSERT ON segments
        BEGIN SELECT RAISE(ABORT, 'injected'); END";
    let define = async |sql: &str| {
        let mut tx = scene.store.database().begin().await.unwrap();
        tx.define(sql.to_owned()).await.unwrap();
        tx.commit().await.unwrap();
    };
    define(break_it).await;
    let held = segment(&scene, &content, Part::Whole).await;
    let refused = scene
        .store
        .accept(new_report(&content, at(1)), Origin::default(), vec![held]);
    assert!(matches!(refused.await, Err(StoreError::Database(_))));
    define("DROP TRIGGER broken").await;
    let statistics = scene.store.statistics().await.unwrap();
    assert_eq!((statistics.report_bytes, scene.objects().await), (0, 0));
    let id = post(&scene, &content).await;
    assert!(scene.read(&id).await == content);
    assert_eq!(scene.drift(false).await, []);
}

#[tokio::test]
async fn p21_a_row_that_lost_bytes_is_found_and_the_report_is_marked() {
    for (change, kind) in [
        (
            "UPDATE segments SET bytes = SUBSTR(bytes, 1, 700)",
            DriftKind::WrongSize,
        ),
        (
            "UPDATE segments SET bytes = ZEROBLOB(900)",
            DriftKind::Altered,
        ),
        ("UPDATE segments SET bytes = NULL", DriftKind::Missing),
    ] {
        let scene = scene().await;
        let id = post(&scene, &bytes(10, 900)).await;
        let mut tx = scene.store.database().begin().await.unwrap();
        tx.change(change, values![]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(scene.drift(true).await, [kind], "{change}");
        assert!(scene.store.report(&id).await.unwrap().damaged.is_some());
        if kind != DriftKind::Altered {
            let sealed = scene.store.sealed(&id).await.unwrap();
            assert!(collect(sealed.stream(0..900)).await.is_err(), "{change}");
        }
    }
}

#[tokio::test]
async fn p43_deleting_takes_rows_and_messages_along() {
    let scene = scene().await;
    let (content, words) = (bytes(11, 900), bytes(12, 800));
    let id = post(&scene, &content).await;
    let message = NewMessage {
        id: MessageId::from_entropy([7; 16]),
        from: Author::Vendor,
        at: at(2),
        sha256: [0; 32],
        key: None,
    };
    let of = message.id.clone();
    let held = segment(&scene, &words, Part::Whole).await;
    scene
        .store
        .add_message(&id, message, vec![held])
        .await
        .unwrap();
    let sealed = scene.store.sealed_message(&id, &of).await.unwrap();
    assert!(collect(sealed.stream(0..800)).await.unwrap() == words);
    assert_eq!(scene.store.delete(&id, at(3)).await.unwrap().left, 0);
    assert!(matches!(
        scene.store.sealed(&id).await,
        Err(StoreError::Gone)
    ));
    let rows = scene.store.database().rows(
        "SELECT object FROM segments UNION ALL SELECT object FROM doomed",
        values![],
    );
    assert_eq!(rows.await.unwrap().len(), 0);
    assert!(scene.store.database().compact().await.unwrap());
    let folder = &scene.settings.folder;
    for file in ["intake.sqlite", "intake.sqlite-wal"] {
        let left = std::fs::read(folder.join(file)).unwrap_or_default();
        for needle in [&content[100..132], &words[100..132]] {
            assert!(!left.windows(32).any(|window| window == needle), "{file}");
        }
    }
}
