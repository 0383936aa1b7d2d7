//! Errors and stops at every step: nothing is acknowledged that is not durable, nothing is half
//! there, and what is left over is found.

use std::{sync::Arc, time::Duration};

use super::{Scene, at, bytes};
use crate::intake::store::{
    Accepted, Ages, Created, DriftKind, Inner, Origin, Part, Piece, Selection, Store, StoreError,
    batch::Batch,
    database::Tx,
    objects::faulty::{Fault, Faulty, Step},
};

use super::scene::{new_report, new_upload, origin};

/// The same store, with faults.
fn faulty(scene: &mut Scene) -> Faulty {
    let faulty = Faulty::new(Arc::clone(scene.store.objects()));
    scene.store = Store(Arc::new(Inner {
        database: scene.store.database().clone(),
        objects: Arc::new(faulty.clone()),
        settings: scene.settings.clone(),
        batch: Batch::default(),
    }));
    faulty
}

async fn count(scene: &Scene) -> usize {
    let page = scene.store.list(&Selection::default(), 100).await.unwrap();
    page.reports.len()
}

/// Sealed bytes as a server would take them.
async fn submit(scene: &Scene, content: &[u8]) -> Result<Accepted, StoreError> {
    let mut rest = bytes::Bytes::copy_from_slice(content);
    let mut writer = scene.store.new_segment(Part::Whole)?;
    writer.write(&mut rest).await?;
    let segment = writer.finish().await?;
    let report = new_report(content, at(1));
    scene
        .store
        .accept(report, origin(1, 1), vec![segment])
        .await
}

#[tokio::test]
async fn p07_an_error_at_any_step_is_never_acknowledged() {
    for mut scene in Scene::all().await {
        let faulty = faulty(&mut scene);
        let content = bytes(1, 1000);
        for step in [Step::Write, Step::BeforeFinish, Step::AfterFinish] {
            for fault in [Fault::Fail, Fault::Full] {
                faulty.plan(Some((step, fault)));
                let refused = submit(&scene, &content).await;
                let full = matches!(refused, Err(StoreError::NoSpace(_)));
                assert!(refused.is_err() && full == (fault == Fault::Full));
                assert_eq!(count(&scene).await, 0, "{} {step:?}", scene.name);
            }
        }
        faulty.plan(None);
        submit(&scene, &content).await.unwrap();
        assert_eq!(count(&scene).await, 1);
        // Those whose end nobody heard of are orphans, no more.
        let found = scene.drift(true).await;
        assert_eq!(
            found,
            [DriftKind::Orphan, DriftKind::Orphan],
            "{}",
            scene.name
        );
        assert_eq!(scene.drift(false).await, []);
    }
}

#[tokio::test]
async fn p21_a_stop_between_object_and_row_leaves_an_orphan_alone() {
    for mut scene in Scene::all().await {
        let faulty = faulty(&mut scene);
        let content = bytes(2, 1000);
        faulty.plan(Some((Step::AfterFinish, Fault::Stop)));
        stopped(submit(&scene, &content)).await;
        assert_eq!((count(&scene).await, scene.objects().await), (0, 1));
        let ages = Ages::at(at(1));
        faulty.plan(None);
        // It may still get its row.
        let swept = scene.store.sweep(&ages).await.unwrap();
        assert_eq!((swept.orphans, scene.objects().await), (0, 1));
        submit(&scene, &content).await.unwrap();
        assert_eq!(scene.drift(true).await, [DriftKind::Orphan]);
        assert_eq!((count(&scene).await, scene.objects().await), (1, 1));
    }
}

/// It is given up in the database before it is removed, and nobody may name it in between.
#[tokio::test]
async fn p06_an_orphan_that_could_not_be_removed_is_still_given_up() {
    for mut scene in Scene::all().await {
        let faulty = faulty(&mut scene);
        let content = bytes(2, 1000);
        let segment = scene.segment(&content).await;
        faulty.plan(Some((Step::BeforeRemove, Fault::Fail)));
        let ages = Ages::at(at(1_000_000_000));
        let swept = scene.store.sweep(&ages).await.unwrap();
        assert_eq!((swept.orphans, swept.left), (0, 1), "{}", scene.name);
        let report = new_report(&content, at(1));
        let refused = scene.store.accept(report, origin(1, 1), vec![segment]);
        assert!(matches!(refused.await, Err(StoreError::Swept)));
        assert_eq!((count(&scene).await, scene.objects().await), (0, 1));
        faulty.plan(None);
        let swept = scene.store.sweep(&ages).await.unwrap();
        assert_eq!((swept.left, scene.objects().await), (0, 0));
        assert_eq!(scene.drift(false).await, []);
    }
}

#[tokio::test]
async fn p21_a_stop_while_deleting_leaves_no_visible_report() {
    for mut scene in Scene::all().await {
        let faulty = faulty(&mut scene);
        for step in [Step::BeforeRemove, Step::AfterRemove] {
            let id = scene.posted(&bytes(3, 1000)).await;
            faulty.plan(Some((step, Fault::Stop)));
            stopped(scene.store.delete(&id, at(2))).await;
            assert_eq!(count(&scene).await, 0);
            let gone = scene.store.sealed(&id).await;
            assert!(matches!(gone, Err(StoreError::Gone)), "{}", scene.name);
            faulty.plan(Some((Step::BeforeRemove, Fault::Fail)));
            let swept = scene.store.sweep(&Ages::at(at(3))).await.unwrap();
            assert_eq!(swept.left, 1, "{} {step:?}", scene.name);
            faulty.plan(None);
            let swept = scene.store.sweep(&Ages::at(at(3))).await.unwrap();
            assert_eq!((swept.left, scene.objects().await), (0, 0));
            assert_eq!(scene.drift(false).await, []);
        }
    }
}

#[tokio::test]
async fn p18_a_stop_while_appending_leaves_the_offset() {
    for mut scene in Scene::all().await {
        let faulty = faulty(&mut scene);
        let upload = new_upload(Some(2000), Origin::default());
        let id = upload.id.clone();
        scene.store.create_upload(upload).await.unwrap();
        let content = bytes(4, 2000);
        for step in [Step::Write, Step::BeforeFinish, Step::AfterFinish] {
            faulty.plan(Some((step, Fault::Stop)));
            stopped(append(&scene, &id, &content[..1000])).await;
            let upload = scene.store.upload(&id).await.unwrap();
            assert_eq!((upload.offset, &*upload.progress), (0, &b"begun"[..]));
        }
        faulty.plan(None);
        assert_eq!(append(&scene, &id, &content[..1000]).await.unwrap(), 1000);
        assert_eq!(scene.drift(true).await, [DriftKind::Orphan]);
        let segments = vec![scene.segment(&content[1000..]).await];
        let piece = Piece {
            offset: 1000,
            segments,
        };
        let taken = scene
            .store
            .finish_upload(&id, piece, new_report(&content, at(5)));
        let Accepted::Fresh(report) = taken.await.unwrap() else {
            panic!("it was known")
        };
        assert!(scene.read(&report.summary.id).await == content);
    }
}

/// Each statement of the transaction fails in turn.
#[tokio::test]
async fn p07_a_row_that_cannot_be_written_undoes_the_others() {
    for scene in Scene::all().await {
        let content = bytes(5, 1000);
        for table in ["reports", "events", "submissions", "segments"] {
            break_table(&scene, table).await;
            let refused = submit(&scene, &content).await;
            assert!(matches!(refused, Err(StoreError::Database(_))), "{table}");
            assert_eq!((count(&scene).await, scene.objects().await), (0, 0));
            let upload = new_upload(None, origin(2, 2));
            let id = match scene.store.create_upload(upload).await.unwrap() {
                Created::Fresh(upload) | Created::Known(upload) => upload.id,
                Created::Report(_) => panic!("it is a report"),
            };
            let segments = vec![scene.segment(&content).await];
            let piece = Piece {
                offset: 0,
                segments,
            };
            let refused = scene
                .store
                .finish_upload(&id, piece, new_report(&content, at(5)));
            assert!(refused.await.is_err(), "{table}");
            let upload = scene.store.upload(&id).await.unwrap();
            assert_eq!((upload.offset, upload.report), (0, None));
            assert_eq!((count(&scene).await, scene.objects().await), (0, 0));
            mend_table(&scene, table).await;
        }
        submit(&scene, &content).await.unwrap();
        assert_eq!(scene.drift(false).await, [], "{}", scene.name);
    }
}

async fn append(
    scene: &Scene,
    id: &crate::wire::UploadId,
    content: &[u8],
) -> Result<u64, StoreError> {
    let mut rest = bytes::Bytes::copy_from_slice(content);
    let mut writer = scene.store.new_segment(Part::Whole)?;
    writer.write(&mut rest).await?;
    let segments = vec![writer.finish().await?];
    let piece = Piece {
        offset: 0,
        segments,
    };
    scene.store.append(id, piece, b"after").await
}

/// Runs until it stands still, and leaves it there: nothing of it is tidied up, as after a crash.
async fn stopped<T>(work: impl Future<Output = T>) {
    let mut work = Box::pin(work);
    let ended = tokio::time::timeout(Duration::from_millis(400), &mut work).await;
    assert!(ended.is_err(), "it did not stop");
    std::mem::forget(work);
}

async fn break_table(scene: &Scene, table: &str) {
    let mut tx = scene.store.database().begin().await.unwrap();
    let sql = match tx {
        Tx::Sqlite(_) => format!(
            "CREATE TRIGGER broken BEFORE INSERT ON {table}
            BEGIN SELECT RAISE(ABORT, 'injected'); END"
        ),
        Tx::Postgres(_) => format!(
            "CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN RAISE ''injected''; END';
            CREATE TRIGGER broken BEFORE INSERT OR UPDATE ON {table}
            FOR EACH ROW EXECUTE FUNCTION broken()"
        ),
    };
    tx.define(sql).await.unwrap();
    tx.commit().await.unwrap();
}

async fn mend_table(scene: &Scene, table: &str) {
    let mut tx = scene.store.database().begin().await.unwrap();
    let sql = match tx {
        Tx::Sqlite(_) => "DROP TRIGGER broken".to_owned(),
        Tx::Postgres(_) => format!("DROP TRIGGER broken ON {table}"),
    };
    tx.define(sql).await.unwrap();
    tx.commit().await.unwrap();
}
