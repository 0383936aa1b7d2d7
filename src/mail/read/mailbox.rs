//! A mailbox as mail programs keep it: one file with all mails (mbox), a folder with a file for each
//! (maildir), or a single mail.
//!
//! RFC 4155: a line that begins with `From ` behind an empty line begins a mail. Such lines within a
//! mail are quoted by whoever writes the file; that they stay so does no harm to what is encrypted.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::lines::Lines;

/// The files of a mailbox.
#[derive(Debug)]
pub struct Mailbox(Vec<PathBuf>);

impl Mailbox {
    /// The mailbox at `path`: a file, or a folder of files, such as a maildir.
    ///
    /// # Errors
    /// When it is not there, or cannot be listed.
    pub fn open(path: &Path) -> io::Result<Self> {
        if !fs::metadata(path)?.is_dir() {
            return Ok(Self(vec![path.to_owned()]));
        }
        let maildir = ["cur", "new"].map(|name| path.join(name));
        let is_maildir = maildir.iter().all(|folder| folder.is_dir());
        let folders = if is_maildir {
            &maildir[..]
        } else {
            &[path.to_owned()]
        };
        let mut files = Vec::new();
        for folder in folders {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                files.extend(Some(path).filter(|path| path.is_file()));
            }
        }
        files.sort();
        Ok(Self(files))
    }

    /// Hands each mail to `take`, and says how many were passed over because they are too large.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn each(&self, take: &mut dyn FnMut(&[u8])) -> io::Result<usize> {
        let mut passed_over = 0;
        for path in &self.0 {
            passed_over += mails(File::open(path)?, take)?;
        }
        Ok(passed_over)
    }
}

fn mails(file: impl Read, take: &mut dyn FnMut(&[u8])) -> io::Result<usize> {
    let mut lines = Lines::new(file);
    let (mut mail, mut size, mut passed_over) = (Vec::new(), 0, 0);
    let (mut is_mbox, mut blank) = (false, true);
    let mut end = |mail: &mut Vec<u8>, size: &mut usize| {
        passed_over += usize::from(*size > LARGEST);
        if (1..=LARGEST).contains(size) {
            take(mail);
        }
        mail.clear();
        *size = 0;
    };
    while let Some(line) = lines.next()? {
        let begins = line.begins && blank && line.bytes.starts_with(b"From ");
        is_mbox |= begins && line.offset == 0;
        if begins && is_mbox {
            end(&mut mail, &mut size);
        } else {
            size += line.bytes.len();
            if size <= LARGEST {
                mail.extend_from_slice(line.bytes);
            }
        }
        blank = line.begins && line.text().is_empty();
    }
    end(&mut mail, &mut size);
    Ok(passed_over)
}

/// Bytes of one mail: more than servers take.
const LARGEST: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &[u8]) -> Vec<String> {
        let mut all = Vec::new();
        let mut take = |mail: &[u8]| all.push(String::from_utf8(mail.to_vec()).unwrap());
        mails(file, &mut take).unwrap();
        all
    }

    #[test]
    fn mails_of_a_file() {
        assert_eq!(read(b""), [""; 0]);
        let mbox = b"From a Mon\nSubject: x\n\n>From here\nFrom b\n\nFrom c Tue\r\nSubject: y\r\n\r\nz\r\n";
        let mails = [
            "Subject: x\n\n>From here\nFrom b\n\n",
            "Subject: y\r\n\r\nz\r\n",
        ];
        assert_eq!(read(mbox), mails);
        let mail = b"Subject: x\n\na\n\nFrom here on, nothing is split\n";
        assert_eq!(read(mail), [String::from_utf8(mail.to_vec()).unwrap()]);
    }

    #[test]
    fn p32_a_mail_without_an_end_is_passed_over() {
        let large = io::repeat(b'x').take(LARGEST as u64 + 1);
        let mbox = (&b"From a\n"[..])
            .chain(large)
            .chain(&b"\n\nFrom b\nSubject: y\n\n"[..]);
        let mut all = Vec::new();
        let passed_over = mails(mbox, &mut |mail| all.push(mail.to_vec())).unwrap();
        assert_eq!((passed_over, all), (1, vec![b"Subject: y\n\n".to_vec()]));
    }

    #[test]
    fn folders_are_taken_file_by_file() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["cur", "new", "tmp"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("1"), name).unwrap();
        }
        let mut all = Vec::new();
        let mailbox = Mailbox::open(folder.path()).unwrap();
        mailbox.each(&mut |mail| all.push(mail.to_vec())).unwrap();
        assert_eq!(all, [b"cur", b"new"]);
        assert!(Mailbox::open(&folder.path().join("absent")).is_err());
    }
}
