//! The spool on a real file system.

use super::*;
use crate::telemetry::metrics::Metrics;
use std::io::Write;
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn spool(folder: &TempDir, boot: u64) -> Spool {
    Spool::open(folder.path().join("spool"), boot, Metrics::new().ledger()).unwrap()
}

fn entry(spool: &Spool) -> Entry {
    let words = |word: &str| word.to_owned();
    Entry { id: spool.next_id(), request_id: words("r\"1\""), key: words("k"), input: 12, ..Entry::default() }
}

fn write(spool: &Spool) -> Entry {
    let entry = entry(spool);
    spool.append(&entry);
    entry
}

/// What was read, with texts of its own.
struct Read {
    entries: Vec<Entry>,
    upto: u64,
    garbage: Vec<u64>,
}

fn read(file: &SpoolFile, closed: bool) -> Read {
    read_from(file, 0, closed)
}

fn read_from(file: &SpoolFile, from: u64, closed: bool) -> Read {
    let chunk = Chunk::read(file.handle(), from).unwrap();
    let batch = chunk.batch(closed);
    assert_eq!(batch.is_empty(), batch.entries.is_empty() && batch.garbage.is_empty());
    let entries = batch.entries.iter().map(Entry::owned).collect();
    Read { entries, upto: batch.upto, garbage: batch.garbage }
}

fn framed(entry: &Entry) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::write(entry, &mut bytes);
    bytes
}

#[test]
fn what_is_held_is_written_at_once_and_in_order() {
    let folder = folder();
    let spool = spool(&folder, 7);
    let held: Vec<Entry> = (0..3).map(|_| entry(&spool)).collect();
    held.iter().for_each(|entry| spool.hold(entry));
    let (_, file) = spool.files();
    let bytes: usize = held.iter().map(|entry| framed(entry).len()).sum();
    assert_eq!((file.len(), spool.backlog()), (0, bytes as u64));
    spool.write_held();
    assert_eq!((read(&file, false).entries, spool.backlog()), (held, file.len()));
    spool.write_held();
    assert_eq!(file.len(), bytes as u64);
}

#[test]
fn what_is_written_is_read_back_in_order() {
    let folder = folder();
    let spool = spool(&folder, 7);
    let written: Vec<Entry> = (0..3).map(|_| write(&spool)).collect();
    let (_, file) = spool.files();
    let batch = read(&file, false);
    assert_eq!((batch.entries, batch.upto), (written, file.len()));
    assert_eq!((spool.backlog(), batch.garbage.len()), (file.len(), 0));
    file.drained_upto(batch.upto);
    assert_eq!(spool.backlog(), 0);
}

#[test]
fn an_entry_without_an_end_is_waited_for_until_nobody_can_finish_it() {
    let folder = folder();
    let spool = spool(&folder, 7);
    write(&spool);
    let (_, file) = spool.files();
    let whole = file.len();
    let next = framed(&entry(&spool));
    file.handle().write_all(&next[..next.len() - 1]).unwrap();
    assert_eq!((read(&file, false).upto, read(&file, false).garbage.len()), (whole, 0));
    let closed = read(&file, true);
    assert_eq!((closed.entries.len(), closed.upto, closed.garbage), (1, file.len(), vec![whole]));
}

#[test]
fn what_is_no_entry_is_passed_over_and_its_place_is_told() {
    let folder = folder();
    let spool = spool(&folder, 7);
    let (_, file) = spool.files();
    file.handle().write_all(b"foreign \xfe\x01\x05\xff and \xfe\n").unwrap();
    let first = write(&spool);
    let place = file.len();
    file.handle().write_all(&[0; 9000]).unwrap();
    let second = write(&spool);
    let batch = read(&file, false);
    assert_eq!((batch.entries, batch.garbage), (vec![first, second], vec![0, place]));
    assert_eq!(batch.upto, file.len());
}

#[test]
fn a_torn_entry_in_the_middle_costs_no_other() {
    let folder = folder();
    let spool = spool(&folder, 7);
    let (_, file) = spool.files();
    let torn = framed(&entry(&spool));
    for lost in [torn.len() - 1, torn.len() / 2, 9, 3, 1] {
        let before = write(&spool);
        let (place, begin) = (file.len(), file.len() - framed(&before).len() as u64);
        file.handle().write_all(&torn[..torn.len() - lost]).unwrap();
        // More than any entry: where the torn one says that it ends, others stand.
        let behind: Vec<Entry> = (0..100).map(|_| write(&spool)).collect();
        let batch = read_from(&file, begin, false);
        assert_eq!(batch.entries, [vec![before], behind].concat(), "{lost}");
        assert_eq!((batch.garbage, batch.upto), (vec![place], file.len()), "{lost}");
    }
}

#[test]
fn endless_garbage_does_not_stop_the_reader() {
    let folder = folder();
    let spool = spool(&folder, 7);
    let (_, file) = spool.files();
    file.handle().write_all(&vec![0xfe; 3 << 20]).unwrap();
    let entry = write(&spool);
    let (mut from, mut found) = (0, Vec::new());
    while from < file.len() {
        let batch = read_from(&file, from, false);
        assert!(batch.upto > from, "it stands still at {from}");
        from = batch.upto;
        found.extend(batch.entries);
    }
    assert_eq!(found, [entry]);
}

#[test]
fn a_batch_has_an_end() {
    let folder = folder();
    let spool = spool(&folder, 7);
    (0..MOST_ENTRIES + 1).for_each(|_| drop(write(&spool)));
    let (_, file) = spool.files();
    let first = read(&file, false);
    let second = read_from(&file, first.upto, false);
    assert_eq!((first.entries.len(), second.entries.len(), second.upto), (MOST_ENTRIES, 1, file.len()));
}

#[test]
fn a_full_file_is_closed_and_another_begun() {
    let folder = folder();
    let spool = spool(&folder, 7);
    write(&spool);
    spool.tend();
    assert!(spool.files().0.is_empty(), "it is not full yet");
    let (_, full) = spool.files();
    full.handle().set_len(FULL).unwrap();
    spool.tend();
    let entry = write(&spool);
    let (others, current) = spool.files();
    assert_eq!(others.iter().map(SpoolFile::name).collect::<Vec<_>>(), [full.name()]);
    assert_eq!(read(&current, false).entries, [entry]);
    spool.let_go(&full);
    assert!(spool.files().0.is_empty());
}

#[test]
fn a_file_that_is_taken_away_is_read_to_its_end_and_another_begun() {
    let folder = folder();
    let spool = spool(&folder, 7);
    let before = write(&spool);
    std::fs::remove_dir_all(folder.path().join("spool")).unwrap();
    spool.tend();
    let after = write(&spool);
    let (others, current) = spool.files();
    assert_eq!(read(&others[0], true).entries, [before]);
    assert_eq!(read(&current, false).entries, [after]);
    assert!(current.is_there() && !others[0].is_there());
}

#[test]
fn files_of_the_dead_are_taken_over_and_those_of_the_living_are_not() {
    let folder = folder();
    let (living, dead, heir) = (spool(&folder, 1), spool(&folder, 2), spool(&folder, 3));
    let entry = write(&dead);
    write(&living);
    heir.adopt().unwrap();
    assert!(heir.files().0.is_empty(), "all of them live");
    drop(dead);
    heir.adopt().unwrap();
    heir.adopt().unwrap();
    let (others, _) = heir.files();
    assert_eq!(others.len(), 1, "{others:?}");
    assert_eq!((read(&others[0], true).entries, others[0].drained()), (vec![entry], None));
    let second_heir = spool(&folder, 4);
    second_heir.adopt().unwrap();
    assert!(second_heir.files().0.is_empty(), "a file has one heir");
}

#[test]
fn a_file_that_was_drained_and_removed_by_another_is_not_taken_over() {
    let folder = folder();
    let name = spool(&folder, 1).files().1.name().to_owned();
    let path = folder.path().join("spool");
    let file = SpoolFile::adopt(&path, &name).unwrap();
    assert!(SpoolFile::adopt(&path, &name).is_none(), "it is locked");
    file.remove().unwrap();
    drop(file);
    assert!(SpoolFile::adopt(&path, &name).is_none(), "it is gone");
}

#[test]
fn a_folder_that_holds_too_much_takes_no_more_until_it_is_drained() {
    let folder = folder();
    let spool = spool(&folder, 7);
    let path = |number: usize| folder.path().join("spool").join(format!("other-{number}{ENDING}"));
    (1..MOST_FILES).for_each(|number| drop(fs::write(path(number), "")));
    spool.files().1.handle().set_len(FULL).unwrap();
    spool.tend();
    write(&spool);
    assert_eq!((spool.files().1.len(), spool.backlog()), (FULL, FULL), "it was taken");
    fs::remove_file(path(1)).unwrap();
    spool.tend();
    let entry = write(&spool);
    assert_eq!(read(&spool.files().1, false).entries, [entry]);
}

#[test]
fn many_threads_write_whole_entries() {
    let folder = folder();
    let spool = spool(&folder, 7);
    std::thread::scope(|scope| {
        (0..4).for_each(|_| drop(scope.spawn(|| (0..500).for_each(|_| drop(write(&spool))))));
    });
    let (_, file) = spool.files();
    let (mut from, mut count) = (0, 0);
    while from < file.len() {
        let batch = read_from(&file, from, false);
        assert_eq!(batch.garbage, [] as [u64; 0]);
        (from, count) = (batch.upto, count + batch.entries.len());
    }
    assert_eq!(count, 2_000);
}

#[test]
fn a_file_that_is_set_aside_is_nobodys_until_it_gets_its_name_back() {
    let folder = folder();
    let (spool, heir) = (spool(&folder, 7), spool_of_another(&folder));
    let written: Vec<Entry> = (0..3).map(|_| write(&spool)).collect();
    spool.turn();
    let file = spool.files().0.remove(0);
    file.drained_upto(framed(&written[0]).len() as u64);
    assert_eq!(spool.set_aside(&file).unwrap(), 2);
    let path = file.path().to_owned();
    drop(file);
    heir.adopt().unwrap();
    assert!(spool.files().0.is_empty() && heir.files().0.is_empty());
    let aside = PathBuf::from(format!("{}{REFUSED}", path.display()));
    fs::rename(aside, path).unwrap();
    heir.adopt().unwrap();
    assert_eq!(read(&heir.files().0[0], true).entries, written);
}

fn spool_of_another(folder: &TempDir) -> Spool {
    spool(folder, 8)
}
