//! Objects that `sweep` takes for orphans while they are just arriving: what they belong to is not
//! acknowledged, and what was acknowledged is never taken.

use jiff::SignedDuration;

use super::{Scene, at, bytes};
use crate::intake::store::{
    Accepted, Ages, NewMessage, NewUpload, Origin, Piece, Segment, Selection, StoreError, Swept,
};
use crate::wire::{Author, MessageId, UploadId};
use sha2::{Digest, Sha256};

use super::scene::{new_report, new_upload};

/// A sweep with another idea of the time: everything that has no row is old to it.
async fn sweep(scene: &Scene) -> Swept {
    let ages = Ages {
        grace: SignedDuration::ZERO,
        ..Ages::at(at(1_000_000_000))
    };
    scene.store.sweep(&ages).await.unwrap()
}

async fn begin(scene: &Scene) -> UploadId {
    let upload = NewUpload {
        first_byte_by: at(2_000_000_000),
        expires: at(2_000_000_000),
        ..new_upload(None, Origin::default())
    };
    let id = upload.id.clone();
    scene.store.create_upload(upload).await.unwrap();
    id
}

fn piece(segment: Segment) -> Piece {
    Piece {
        offset: 0,
        segments: vec![segment],
    }
}

fn is_swept<T>(refused: &Result<T, StoreError>) -> bool {
    matches!(refused, Err(StoreError::Swept))
}

#[tokio::test]
async fn p06_what_was_swept_while_it_arrived_is_not_acknowledged() {
    for scene in Scene::all().await {
        let store = &scene.store;
        let known = scene.posted(b"known").await;
        let upload = begin(&scene).await;
        let content = bytes(1, 1000);
        let (whole, first) = (scene.segment(&content).await, scene.segment(&content).await);
        let (last, message) = (scene.segment(&content).await, scene.segment(&content).await);
        assert_eq!(sweep(&scene).await.orphans, 4, "{}", scene.name);

        let report = new_report(&content, at(1));
        let refused = store.accept(report, Origin::default(), vec![whole]).await;
        assert!(is_swept(&refused), "{} {refused:?}", scene.name);
        let refused = store.append(&upload, piece(first), b"after").await;
        assert!(is_swept(&refused), "{} {refused:?}", scene.name);
        let report = new_report(&content, at(1));
        let refused = store.finish_upload(&upload, piece(last), report).await;
        assert!(is_swept(&refused), "{} {refused:?}", scene.name);
        let new = NewMessage {
            id: MessageId::from_entropy([1; 16]),
            from: Author::Vendor,
            at: at(2),
            sha256: Sha256::digest(&content).into(),
            key: None,
        };
        let refused = store.add_message(&known, new, vec![message]).await;
        assert!(is_swept(&refused), "{} {refused:?}", scene.name);

        // Nothing has changed, and the same again is taken.
        let upload = store.upload(&upload).await.unwrap();
        assert_eq!((upload.offset, &*upload.progress), (0, &b"begun"[..]));
        assert!(store.messages(&known).await.unwrap().is_empty());
        let listed = store.list(&Selection::default(), 9).await.unwrap();
        assert_eq!(listed.reports.len(), 1, "{}", scene.name);
        scene.posted(&content).await;
        assert_eq!(sweep(&scene).await.orphans, 0, "{}", scene.name);
    }
}

#[tokio::test]
async fn p06_what_was_shortened_while_it_arrived_is_not_acknowledged() {
    for scene in Scene::all().await {
        let content = bytes(1, 1000);
        let segment = scene.segment(&content).await;
        scene.store.objects().remove(&segment.key).await.unwrap();
        let mut shorter = scene.store.objects().begin(&segment.key);
        shorter.write(bytes(1, 999).into()).await.unwrap();
        shorter.finish().await.unwrap();
        let report = new_report(&content, at(1));
        let refused = scene.store.accept(report, Origin::default(), vec![segment]);
        assert!(is_swept(&refused.await), "{}", scene.name);
    }
}

/// Submissions and sweeps in any order: each object is kept with its row, or neither is.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p06_whatever_a_sweep_meets_is_acknowledged_whole_or_not_at_all() {
    for scene in Scene::all().await {
        let scene = &scene;
        let submitting = (0..8_u64).map(|client| async move {
            let mut taken = Vec::new();
            for number in 0..12 {
                let content = bytes(1 + client * 100 + number, 2000);
                match scene.post(&content, Origin::default()).await {
                    Ok(Accepted::Fresh(report)) => taken.push((report.summary.id, content)),
                    Err(StoreError::Swept) => {}
                    other => panic!("{}: {other:?}", scene.name),
                }
            }
            taken
        });
        let sweeping = async {
            let mut orphans = 0;
            for _ in 0..60 {
                orphans += sweep(scene).await.orphans;
            }
            orphans
        };
        let submitting = futures_util::future::join_all(submitting);
        let (taken, orphans) = futures_util::future::join(submitting, sweeping).await;
        let taken: Vec<_> = taken.into_iter().flatten().collect();
        println!("{}: {} taken, {orphans} swept", scene.name, taken.len());
        for (id, content) in taken {
            assert!(scene.read(&id).await == content, "{}", scene.name);
        }
    }
}
