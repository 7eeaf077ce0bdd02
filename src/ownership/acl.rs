//! POSIX access lists, as the kernel hands them out: `linux/posix_acl_xattr.h`.

use std::path::Path;

use rustix::io::Errno;

use super::Who;

const ATTRIBUTE: &str = "system.posix_acl_access";
/// The largest value that Linux keeps for any attribute.
const LARGEST: usize = 1 << 16;
const VERSION: u32 = 2;
const WRITE: u16 = 2;

const USER: u16 = 0x02;
const OWNING_GROUP: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;

/// What a file's list says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Acl {
    /// There is none: the mode bits are all.
    None,
    /// Who may write by it, besides the owner and everybody. `None` is the file's own group.
    Writers(Vec<Option<Who>>),
}

/// Reads the list of `path`. One that cannot be understood lets the group write: that is what the mode bits say.
pub(super) fn read(path: &Path) -> Acl {
    let mut bytes = vec![0_u8; LARGEST];
    match rustix::fs::lgetxattr(path, ATTRIBUTE, &mut bytes[..]) {
        Ok(length) => parse(&bytes[..length]).unwrap_or(Acl::Writers(vec![None])),
        Err(Errno::NODATA | Errno::NOTSUP | Errno::NOSYS) => Acl::None,
        Err(_) => Acl::Writers(vec![None]),
    }
}

fn parse(bytes: &[u8]) -> Option<Acl> {
    let (version, entries) = bytes.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*version) != VERSION || entries.len() % 8 != 0 {
        return None;
    }
    let entries = entries.chunks_exact(8).map(|entry| {
        let tag = u16::from_le_bytes([entry[0], entry[1]]);
        let rights = u16::from_le_bytes([entry[2], entry[3]]);
        (tag, rights, u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]))
    });
    let mask =
        entries.clone().find(|(tag, ..)| *tag == MASK).map_or(WRITE, |(_, rights, _)| rights);
    let writers = entries.filter(|(_, rights, _)| rights & mask & WRITE != 0);
    let writers = writers.filter_map(|(tag, _, id)| match tag {
        USER => Some(Some(Who::User(id))),
        GROUP => Some(Some(Who::Group(id))),
        OWNING_GROUP => Some(None),
        _ => None,
    });
    Some(Acl::Writers(writers.collect()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A list's bytes: owner and everybody read, and `entries` as given.
    pub(crate) fn list(entries: &[(u16, u16, u32)]) -> Vec<u8> {
        let none = u32::MAX;
        let all = [&[(1, 7, none)], entries, &[(0x20, 5, none)]].concat();
        let mut bytes = VERSION.to_le_bytes().to_vec();
        for (tag, rights, id) in all {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(rights.to_le_bytes());
            bytes.extend(id.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn named_users_and_groups_count_as_far_as_the_mask_lets() {
        let entries = [
            (USER, 7, 5),
            (USER, 5, 6),
            (OWNING_GROUP, 5, u32::MAX),
            (GROUP, 7, 9),
            (MASK, 7, u32::MAX),
        ];
        let writers = vec![Some(Who::User(5)), Some(Who::Group(9))];
        assert_eq!(parse(&list(&entries)), Some(Acl::Writers(writers)));
        let shut = entries.map(|(tag, rights, id)| (tag, if tag == MASK { 5 } else { rights }, id));
        assert_eq!(parse(&list(&shut)), Some(Acl::Writers(vec![])));
        assert_eq!(parse(&list(&[(OWNING_GROUP, 7, 0)])), Some(Acl::Writers(vec![None])));
    }

    #[test]
    fn what_is_no_list_is_none() {
        assert_eq!(parse(b""), None);
        assert_eq!(parse(&[1, 0, 0, 0]), None);
        assert_eq!(parse(&[2, 0, 0, 0, 1]), None);
    }
}
