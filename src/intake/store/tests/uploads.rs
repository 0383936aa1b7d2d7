//! Uploads: offsets that only compare-and-swap moves, and reports that they become.

use bytes::Bytes;

use super::{Scene, at, bytes};
use crate::intake::store::{
    Accepted, Created, NewUpload, Origin, Piece, Segment, Selection, StoreError, Upload,
};
use crate::wire::UploadId;

use super::scene::{new_report, new_upload, origin};

#[tokio::test]
async fn an_upload_becomes_a_report() {
    for scene in Scene::all().await {
        let content = bytes(3, 900_000);
        let upload = begin(&scene, Some(900_000), origin(1, 1)).await;
        let mut at_offset = 0;
        for chunk in content[..700_000].chunks(250_000) {
            let piece = piece(&scene, at_offset, chunk).await;
            let progress = format!("after {at_offset}");
            let end = scene
                .store
                .append(&upload.id, piece, progress.as_bytes())
                .await;
            at_offset = end.unwrap();
        }
        let now = scene.store.upload(&upload.id).await.unwrap();
        assert_eq!((now.offset, now.length), (700_000, Some(900_000)));
        assert_eq!(now.progress, b"after 500000");
        let last = piece(&scene, 700_000, &content[700_000..]).await;
        let report = new_report(&content, at(1));
        let taken = scene.store.finish_upload(&upload.id, last, report).await;
        let Accepted::Fresh(report) = taken.unwrap() else {
            panic!("it was known")
        };
        assert_eq!(report.case, origin(1, 1).case);
        assert!(
            scene.read(&report.summary.id).await == content,
            "{}",
            scene.name
        );
        let now = scene.store.upload(&upload.id).await.unwrap();
        assert_eq!(
            (now.offset, now.report),
            (900_000, Some(report.summary.id.clone()))
        );
        // Finishing again, starting again, and posting the same whole: the same report.
        let again = finish(&scene, &upload.id, 900_000, &content).await.unwrap();
        assert!(matches!(again, Accepted::Known(known) if known.receipt == report.receipt));
        let again = scene
            .store
            .create_upload(new_upload(None, origin(1, 1)))
            .await;
        assert!(matches!(again.unwrap(), Created::Known(known) if known.id == upload.id));
        let again = scene.post(&content, origin(1, 2)).await.unwrap();
        assert!(matches!(again, Accepted::Known(known) if known.receipt == report.receipt));
        let late = piece(&scene, 900_000, b"more").await;
        let late = scene.store.append(&upload.id, late, b"").await;
        assert!(matches!(late, Err(StoreError::Finished(_))));
        let late = scene.store.delete_upload(&upload.id).await;
        assert!(matches!(late, Err(StoreError::Finished(_))));
        assert_eq!(scene.objects().await, 4, "{}", scene.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p18_of_64_writers_the_bytes_are_right_or_conflict() {
    for scene in Scene::all().await {
        let content = bytes(4, 64 * 100);
        let upload = begin(&scene, None, Origin::default()).await;
        let writers = (0..64).map(|_| async {
            let mut conflicts = 0;
            loop {
                let offset = scene.store.upload(&upload.id).await.unwrap().offset;
                let from = usize::try_from(offset).unwrap();
                if from == content.len() {
                    return conflicts;
                }
                let piece = piece(&scene, offset, &content[from..from + 100]).await;
                match scene.store.append(&upload.id, piece, b"").await {
                    Ok(_) => {}
                    Err(StoreError::Conflict { offset: now }) => {
                        assert!(now > offset);
                        conflicts += 1;
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
        let conflicts: u32 = futures_util::future::join_all(writers).await.iter().sum();
        assert!(conflicts > 0, "{}", scene.name);
        let report = finish(&scene, &upload.id, 6400, &content).await.unwrap();
        let (Accepted::Fresh(report) | Accepted::Known(report)) = report;
        assert!(
            scene.read(&report.summary.id).await == content,
            "{}",
            scene.name
        );
        // What lost was removed.
        assert_eq!(scene.objects().await, 64, "{}", scene.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p20_an_upload_that_is_finished_in_parallel_is_one_report() {
    for scene in Scene::all().await {
        let content = bytes(5, 1000);
        let upload = begin(&scene, Some(1000), origin(1, 1)).await;
        let twin = begin(&scene, Some(1000), origin(1, 2)).await;
        let finishing = (0..32).map(|turn| {
            let id = if turn % 2 == 0 { &upload.id } else { &twin.id };
            finish(&scene, id, 0, &content)
        });
        let mut receipts = std::collections::BTreeSet::new();
        for taken in futures_util::future::join_all(finishing).await {
            let (Accepted::Fresh(report) | Accepted::Known(report)) = taken.unwrap();
            receipts.insert(report.receipt);
        }
        assert_eq!(receipts.len(), 1, "{}", scene.name);
        let listed = scene.store.list(&Selection::default(), 9).await.unwrap();
        assert_eq!(listed.reports.len(), 1, "{}", scene.name);
        assert_eq!(scene.objects().await, 1, "{}", scene.name);
    }
}

#[tokio::test]
async fn lengths_are_kept_to() {
    for scene in Scene::all().await {
        let upload = begin(&scene, None, Origin::default()).await;
        scene
            .store
            .append(&upload.id, piece(&scene, 0, b"12345").await, b"")
            .await
            .unwrap();
        let store = &scene.store;
        let wrong = store.declare_length(&upload.id, 4).await;
        assert!(matches!(wrong, Err(StoreError::WrongLength)));
        store.declare_length(&upload.id, 8).await.unwrap();
        store.declare_length(&upload.id, 8).await.unwrap();
        let wrong = store.declare_length(&upload.id, 9).await;
        assert!(matches!(wrong, Err(StoreError::WrongLength)));
        let much = store
            .append(&upload.id, piece(&scene, 5, b"6789").await, b"")
            .await;
        assert!(matches!(much, Err(StoreError::WrongLength)));
        let wrong = finish(&scene, &upload.id, 0, b"12345678").await;
        assert!(matches!(wrong, Err(StoreError::Conflict { offset: 5 })));
        let little = finish(&scene, &upload.id, 5, b"123456").await;
        assert!(matches!(little, Err(StoreError::WrongLength)));
        let nowhere = UploadId::from_entropy([8; 16]);
        let missing = store
            .append(&nowhere, piece(&scene, 0, b"1").await, b"")
            .await;
        assert!(matches!(missing, Err(StoreError::NotFound)));
        assert_eq!(scene.objects().await, 1, "{}", scene.name);
        assert_eq!(store.open_uploads().await.unwrap(), 1);
        store.delete_upload(&upload.id).await.unwrap();
        assert!(matches!(
            store.upload(&upload.id).await,
            Err(StoreError::NotFound)
        ));
        assert_eq!(scene.objects().await, 0, "{}", scene.name);
        assert_eq!(store.open_uploads().await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p20_a_creation_that_is_repeated_in_parallel_is_one_upload() {
    for scene in Scene::all().await {
        let creations = (0..32).map(|_| begin(&scene, Some(5), origin(1, 1)));
        let ids = futures_util::future::join_all(creations).await;
        assert!(
            ids.iter().all(|upload| upload.id == ids[0].id),
            "{}",
            scene.name
        );
        for (length, origin) in [(Some(6), origin(1, 1)), (Some(5), origin(2, 1))] {
            let refused = scene.store.create_upload(new_upload(length, origin)).await;
            assert!(matches!(refused, Err(StoreError::KeyReused)));
        }
        // A whole post with the key of an upload, and then its upload: one report.
        let posted = scene.post(b"12345", origin(1, 1)).await.unwrap();
        let Accepted::Fresh(posted) = posted else {
            panic!("it was known")
        };
        let taken = finish(&scene, &ids[0].id, 0, b"12345").await.unwrap();
        assert!(matches!(taken, Accepted::Known(known) if known.receipt == posted.receipt));
    }
}

/// One without a byte has had its time sooner, and whoever comes back to it begins anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p40_the_key_of_an_upload_that_has_had_its_time_is_free() {
    for scene in Scene::all().await {
        let at_once = |now| {
            let store = scene.store.clone();
            let new = NewUpload {
                at: now,
                first_byte_by: at(100),
                ..new_upload(Some(5), origin(1, 1))
            };
            async move {
                match store.create_upload(new).await.unwrap() {
                    Created::Fresh(upload) => (true, upload.id),
                    Created::Known(upload) => (false, upload.id),
                    Created::Report(_) => panic!("it is a report"),
                }
            }
        };
        let (_, first) = at_once(at(1)).await;
        assert_eq!(at_once(at(99)).await, (false, first.clone()));
        let again = futures_util::future::join_all((0..8).map(|_| at_once(at(100)))).await;
        // Each of them is as old as the one before, so the last one stays.
        assert!(again.iter().all(|(_, id)| *id != first), "{}", scene.name);
        assert_eq!(scene.store.open_uploads().await.unwrap(), 1);
        // With a byte in it, it stays longer.
        let (_, kept) = at_once(at(50)).await;
        let piece = piece(&scene, 0, b"1").await;
        scene.store.append(&kept, piece, b"").await.unwrap();
        assert_eq!(at_once(at(100)).await, (false, kept), "{}", scene.name);
    }
}

async fn begin(scene: &Scene, length: Option<u64>, origin: Origin) -> Upload {
    let new = new_upload(length, origin);
    match scene.store.create_upload(new).await.unwrap() {
        Created::Fresh(upload) | Created::Known(upload) => upload,
        Created::Report(_) => panic!("it is a report"),
    }
}

async fn piece(scene: &Scene, offset: u64, bytes: &[u8]) -> Piece {
    let segments: Vec<Segment> = vec![scene.segment(bytes).await];
    Piece { offset, segments }
}

/// Finishes with the bytes behind `offset`.
async fn finish(
    scene: &Scene,
    id: &UploadId,
    offset: u64,
    content: &[u8],
) -> Result<Accepted, StoreError> {
    let rest = Bytes::copy_from_slice(&content[usize::try_from(offset).unwrap()..]);
    let mut segments = Vec::new();
    if !rest.is_empty() {
        segments.push(scene.segment(&rest).await);
    }
    let piece = Piece { offset, segments };
    scene
        .store
        .finish_upload(id, piece, new_report(content, at(1)))
        .await
}
