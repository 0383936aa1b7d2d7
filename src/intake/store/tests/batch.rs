//! Small reports that wait at the same time: each is as durable, and gets the same answer, as if it came alone.

use std::{fs, time::Duration};

use futures_util::future::join_all;
use tokio::time::timeout;

use super::{
    Scene, bytes,
    scene::{case_hash, origin},
};
use crate::intake::store::{Accepted, Flushes, Origin, Selection, StoreError};

const LIMIT: u64 = 1000;

async fn scene() -> Scene {
    Scene::in_rows(LIMIT, Flushes::Shared).await
}

/// Posts all of them at the same time, of no case.
async fn crowd(scene: &Scene, contents: &[Vec<u8>]) -> Vec<Result<Accepted, StoreError>> {
    let posts = contents.iter();
    join_all(posts.map(|content| scene.post(content, Origin::default()))).await
}

/// How many of these were acknowledged; each of them is there, and the others are not.
async fn acknowledged(
    scene: &Scene,
    contents: &[Vec<u8>],
    answers: &[Result<Accepted, StoreError>],
) -> usize {
    let mut count = 0;
    for (content, answer) in contents.iter().zip(answers) {
        if let Ok(Accepted::Fresh(report)) = answer {
            let id = &report.summary.id;
            assert!(scene.read(id).await == *content);
            assert_eq!(
                scene.store.report(id).await.unwrap().receipt,
                report.receipt
            );
            assert_eq!(scene.store.timeline(id).await.unwrap().len(), 1);
            count += 1;
        }
    }
    assert_eq!(reports(scene).await, count);
    assert_eq!(scene.drift(false).await, []);
    count
}

async fn reports(scene: &Scene) -> usize {
    let page = scene.store.list(&Selection::default(), 1000).await.unwrap();
    page.reports.len()
}

async fn define(scene: &Scene, sql: &str) {
    let mut tx = scene.store.database().begin().await.unwrap();
    tx.define(sql.to_owned()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn p06_those_that_wait_share_a_turn_and_each_is_there() {
    let contents: Vec<_> = (0..100).map(|seed| bytes(seed, 100)).collect();
    let mut logs = Vec::new();
    for flushes in [Flushes::Shared, Flushes::Apart] {
        let scene = Scene::in_rows(LIMIT, flushes).await;
        let log = scene.settings.folder.join("intake.sqlite-wal");
        let size = || fs::metadata(&log).map_or(0, |log| log.len());
        let before = size();
        let answers = crowd(&scene, &contents).await;
        logs.push(size() - before);
        assert_eq!(acknowledged(&scene, &contents, &answers).await, 100);
    }
    // Each commit writes the pages that it changes into the log.
    assert!(logs[0] * 4 < logs[1], "{logs:?} bytes");
}

#[tokio::test]
async fn p06_nobody_is_told_before_the_turn_and_who_hangs_up_lets_nobody_down() {
    let scene = scene().await;
    let before = scene.store.database().begin().await.unwrap();
    let contents: Vec<_> = (0..10).map(|seed| bytes(seed, 100)).collect();
    let (first, others) = contents.split_at(1);
    let gone = timeout(Duration::from_millis(50), crowd(&scene, first)).await;
    assert!(gone.is_err());
    let others = crowd(&scene, others);
    tokio::pin!(others);
    assert!(
        timeout(Duration::from_millis(50), &mut others)
            .await
            .is_err()
    );
    assert_eq!(reports(&scene).await, 0);
    before.commit().await.unwrap();
    assert!(others.await.iter().all(Result::is_ok));
    assert_eq!(reports(&scene).await, 10);
}

#[tokio::test]
async fn p20_repeats_among_many_get_the_first_receipt() {
    let scene = scene().await;
    let content = bytes(1, 100);
    let posts = [
        (&content, origin(1, 1)),
        (&content, origin(1, 1)),
        (&content, origin(1, 2)),
        (&content, origin(2, 3)),
        (&bytes(2, 100), origin(1, 1)),
        (&bytes(3, 100), Origin::default()),
    ];
    let answers = join_all(posts.map(|(content, origin)| scene.post(content, origin))).await;
    let receipt = |at: usize| match &answers[at] {
        Ok(Accepted::Fresh(report)) => (true, report.receipt.clone()),
        Ok(Accepted::Known(report)) => (false, report.receipt.clone()),
        Err(error) => panic!("{error:?}"),
    };
    let (is_fresh, first) = receipt(0);
    assert!(is_fresh);
    assert_eq!(receipt(1), (false, first.clone()));
    assert_eq!(receipt(2), (false, first.clone()));
    assert!(receipt(3).0 && receipt(3).1 != first);
    assert!(matches!(answers[4], Err(StoreError::KeyReused)));
    assert!(receipt(5).0);
    // With keys that came together, too.
    let again = join_all([1, 3].map(|key| scene.post(&content, origin(key / 2 + 1, key)))).await;
    for (case, answer) in again.into_iter().enumerate() {
        let Ok(Accepted::Known(report)) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(
            report.case,
            Some(case_hash(u8::try_from(case).unwrap() + 1))
        );
    }
    assert_eq!(reports(&scene).await, 3);
    assert_eq!(scene.drift(false).await, []);
}

#[tokio::test]
async fn p07_one_that_fails_takes_nobody_along_who_is_acknowledged() {
    let mut contents: Vec<_> = (0..40).map(|seed| bytes(seed, 100)).collect();
    contents[17] = bytes(17, 13);
    for (how, least) in [("ABORT", 39), ("ROLLBACK", 0)] {
        let scene = scene().await;
        let trigger = format!(
            "CREATE TRIGGER broken BEFORE INSERT ON segments WHEN NEW.size = 13
            BEGIN SELECT RAISE({how}, 'injected'); END"
        );
        define(&scene, &trigger).await;
        let answers = crowd(&scene, &contents).await;
        assert!(matches!(answers[17], Err(StoreError::Database(_))));
        let count = acknowledged(&scene, &contents, &answers).await;
        assert!((least..40).contains(&count), "{how}: {count}");
        define(&scene, "DROP TRIGGER broken").await;
        let answers = crowd(&scene, &contents).await;
        assert!(answers.iter().all(Result::is_ok), "{how}");
        assert_eq!(reports(&scene).await, 40);
    }
}

#[tokio::test]
async fn p07_when_there_is_no_turn_everybody_hears_it() {
    let scene = scene().await;
    let contents: Vec<_> = (0..5).map(|seed| bytes(seed, 100)).collect();
    scene.store.close().await;
    let answers = crowd(&scene, &contents).await;
    for answer in answers {
        assert!(matches!(answer, Err(StoreError::Away(_))), "{answer:?}");
    }
}
