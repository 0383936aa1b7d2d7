//! Turns that end well, fail or are dropped beside each other, and a transaction that SQLite gives up.

use std::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Waker},
};

use tempfile::TempDir;

use crate::intake::store::{
    Flushes, StoreError,
    database::{Database, Tx, values},
};

const INSERT: &str = "INSERT INTO notes (note) VALUES ($1)";

async fn database() -> (TempDir, Database) {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::sqlite(&folder.path().join("rows"), Flushes::Shared)
        .await
        .unwrap();
    let mut tx = database.begin().await.unwrap();
    tx.define("CREATE TABLE notes (note BIGINT NOT NULL UNIQUE)".to_owned())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    (folder, database)
}

async fn notes(database: &Database) -> Vec<i64> {
    let sql = "SELECT note FROM notes ORDER BY note";
    let rows = database.rows(sql, values![]).await.unwrap();
    rows.iter().map(|row| row.at(0).unwrap()).collect()
}

async fn insert(database: &Database, note: i64) -> Tx {
    let mut tx = database.begin().await.unwrap();
    tx.change(INSERT, values![note]).await.unwrap();
    tx
}

/// Two that wait for their turns in one transaction, after a note 0.
async fn sharing(database: &Database) -> [Pin<Box<dyn Future<Output = Tx> + '_>>; 2] {
    let before = insert(database, 0).await;
    // Lets the end of this transaction wait for the lock before the others do.
    tokio::task::yield_now().await;
    let mut both =
        [1, 2].map(|note| Box::pin(insert(database, note)) as Pin<Box<dyn Future<Output = Tx>>>);
    assert!(both.iter_mut().all(|one| waits(one.as_mut())));
    before.commit().await.unwrap();
    both
}

/// Whether a future does not end yet.
fn waits<F: Future + ?Sized>(future: Pin<&mut F>) -> bool {
    let context = &mut Context::from_waker(Waker::noop());
    future.poll(context).is_pending()
}

#[tokio::test]
async fn p06_nobody_is_told_before_all_of_it_is_on_the_disk() {
    let (_folder, database) = database().await;
    let [one, two] = sharing(&database).await;
    let mut one = pin!(one.await.commit());
    assert!(waits(one.as_mut()));
    let two = two.await;
    assert!(waits(one.as_mut()));
    assert_eq!(notes(&database).await, [0]);
    two.commit().await.unwrap();
    one.await.unwrap();
    assert_eq!(notes(&database).await, [0, 1, 2]);
}

#[tokio::test]
async fn a_turn_that_fails_or_is_dropped_takes_nothing_of_the_others_along() {
    let (_folder, database) = database().await;
    let one = tokio::spawn(insert(&database, 1).await.commit());
    let twice = {
        let mut tx = database.begin().await.unwrap();
        tx.change(INSERT, values![2_i64]).await.unwrap();
        let error = tx.change(INSERT, values![1_i64]).await.unwrap_err();
        tx.roll_back().await.unwrap();
        error
    };
    assert!(matches!(twice, StoreError::Database(_)), "{twice:?}");
    drop(insert(&database, 3).await);
    insert(&database, 4).await.commit().await.unwrap();
    one.await.unwrap().unwrap();
    drop(insert(&database, 5).await);
    database.compact().await.unwrap();
    assert_eq!(notes(&database).await, [1, 4]);
}

#[tokio::test]
async fn p07_what_sqlite_rolls_back_by_itself_is_told_to_everybody() {
    let (_folder, database) = database().await;
    let [one, two] = sharing(&database).await;
    let mut one = one.await;
    // What an I/O error does: turns that ended well before and after it are lost with it.
    one.define("ROLLBACK".to_owned()).await.unwrap();
    let mut one = pin!(one.commit());
    assert!(waits(one.as_mut()));
    for told in [two.await.commit().await, one.await] {
        let error = told.unwrap_err();
        assert!(matches!(error, StoreError::Database(_)), "{error:?}");
    }
    assert_eq!(notes(&database).await, [0]);
    insert(&database, 3).await.commit().await.unwrap();
    assert_eq!(notes(&database).await, [0, 3]);
}

#[tokio::test]
async fn p07_a_turn_that_cannot_be_undone_takes_all_along() {
    let (_folder, database) = database().await;
    let [one, two] = sharing(&database).await;
    let mut one = pin!(one.await.commit());
    assert!(waits(one.as_mut()));
    let mut two = two.await;
    two.define("ROLLBACK".to_owned()).await.unwrap();
    // It waits for what it has seen, and hears that this does not stand.
    for told in [two.roll_back().await, one.await] {
        let error = told.unwrap_err();
        assert!(matches!(error, StoreError::Database(_)), "{error:?}");
    }
    assert_eq!(notes(&database).await, [0]);
    insert(&database, 3).await.commit().await.unwrap();
}

#[tokio::test]
async fn a_crowd_writes_in_few_transactions() {
    let (folder, database) = database().await;
    let crowd: Vec<_> = (0..500)
        .map(|note| {
            let database = database.clone();
            tokio::spawn(async move { insert(&database, note).await.commit().await })
        })
        .collect();
    for one in crowd {
        one.await.unwrap().unwrap();
    }
    assert_eq!(notes(&database).await.len(), 500);
    // A commit of its own for each would be 500 pages or more in the log.
    let log = std::fs::metadata(folder.path().join("rows-wal")).unwrap();
    assert!(log.len() < 100 * 4120, "{} bytes", log.len());
}
