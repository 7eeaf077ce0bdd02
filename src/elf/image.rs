//! The parts of an ELF file that the loader maps and reads, for 32 and 64 bits and both byte orders.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use object::Endianness;
use object::elf::{
    DT_STRSZ, DT_STRTAB, DynamicTag, FileHeader32, FileHeader64, PT_DYNAMIC, PT_INTERP, PT_LOAD,
};
use object::pod::{Pod, slice_from_bytes};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};

use super::Text;

/// The largest header that is looked at; real ones have a hundredth of these.
const MAX_SEGMENTS: usize = 1024;
const MAX_ENTRIES: usize = 4096;

/// The longest string: conda's placeholder paths have 255 bytes, and there may be many in a search path.
const MAX_STRING: usize = 64 * 1024;

/// Most headers are within so many bytes, and most strings within so many more.
const HEAD: usize = 4096;
const PIECE: usize = 256;

/// One file.
pub(super) struct ElfImage<'f> {
    file: &'f File,
    size: u64,
    /// The byte order of everything in it.
    pub(super) endian: Endianness,
    /// Whether words have 64 bits.
    pub(super) is_64: bool,
    /// True where it names a program interpreter.
    pub(super) is_program: bool,
    /// What is mapped: address, position in the file, bytes.
    loads: Vec<(u64, u64, u64)>,
    /// The dynamic section up to its end mark.
    pub(super) entries: Vec<(DynamicTag, u64)>,
}

impl<'f> ElfImage<'f> {
    /// Reads the headers; `None` for what is not a dynamically linked ELF file of a known sort.
    pub(super) fn open(file: &'f File) -> io::Result<Option<Self>> {
        let mut head = vec![0; HEAD];
        let read = read_at_most(file, &mut head)?;
        head.truncate(read);
        let Some([class, _]) = head.strip_prefix(b"\x7fELF").and_then(|rest| rest.first_chunk())
        else {
            return Ok(None);
        };
        let size = file.metadata()?.len();
        let blank = ElfImage {
            file,
            size,
            endian: Endianness::Little,
            is_64: *class == 2,
            is_program: false,
            loads: Vec::new(),
            entries: Vec::new(),
        };
        Ok(if *class == 2 {
            blank.with_headers::<FileHeader64<Endianness>>(&head)
        } else {
            blank.with_headers::<FileHeader32<Endianness>>(&head)
        })
    }

    fn with_headers<Elf: FileHeader<Endian = Endianness>>(mut self, head: &[u8]) -> Option<Self> {
        let header = Elf::parse(head).ok()?;
        self.endian = header.endian().ok()?;
        let count = usize::from(header.e_phnum(self.endian));
        let size = size_of::<Elf::ProgramHeader>();
        if count > MAX_SEGMENTS || usize::from(header.e_phentsize(self.endian)) != size {
            return None;
        }
        let bytes = self.bytes(header.e_phoff(self.endian).into(), count * size)?;
        let mut section = None;
        for segment in array::<Elf::ProgramHeader>(&bytes)? {
            let (offset, size) = segment.file_range(self.endian);
            match segment.p_type(self.endian) {
                PT_LOAD => self.loads.push((segment.p_vaddr(self.endian).into(), offset, size)),
                PT_INTERP => self.is_program = true,
                PT_DYNAMIC => section = Some((offset, size)),
                _ => {}
            }
        }
        let (offset, size) = section?;
        let entry = size_of::<Elf::Dyn>();
        let count = (usize::try_from(size).ok()? / entry).min(MAX_ENTRIES);
        let bytes = self.bytes(offset, count * entry)?;
        let entries = array::<Elf::Dyn>(&bytes)?.iter();
        let entries = entries.map(|entry| (entry.tag(self.endian), entry.val(self.endian)));
        self.entries = entries.take_while(|(tag, _)| *tag != object::elf::DT_NULL).collect();
        Some(self)
    }

    /// The value of the first entry with this tag.
    pub(super) fn value(&self, tag: DynamicTag) -> Option<u64> {
        self.entries.iter().find(|(other, _)| *other == tag).map(|(_, value)| *value)
    }

    /// Where in the file an address is.
    pub(super) fn place(&self, address: u64) -> Option<u64> {
        self.loads.iter().find_map(|&(start, offset, size)| {
            let inside = address.checked_sub(start).filter(|inside| *inside < size)?;
            offset.checked_add(inside)
        })
    }

    /// Where the strings are: position in the file, and size.
    pub(super) fn strings(&self) -> Option<(u64, u64)> {
        Some((self.place(self.value(DT_STRTAB)?)?, self.value(DT_STRSZ)?))
    }

    /// The string that begins `at` bytes into the table.
    pub(super) fn string(&self, at: u64) -> Option<Text> {
        let (table, size) = self.strings()?;
        let most = usize::try_from(size.checked_sub(at)?).unwrap_or(usize::MAX).min(MAX_STRING);
        let offset = table.checked_add(at)?;
        let mut wanted = PIECE;
        loop {
            let bytes = self.bytes(offset, wanted.min(most).min(self.left(offset)))?;
            if let Some(end) = bytes.iter().position(|&byte| byte == 0) {
                return Some(Text { offset, bytes: bytes[..end].to_vec() });
            }
            if bytes.len() < wanted {
                return None;
            }
            wanted *= 16;
        }
    }

    /// Bytes of the file, all of them or none.
    pub(super) fn bytes(&self, offset: u64, count: usize) -> Option<Vec<u8>> {
        if count > self.left(offset) {
            return None;
        }
        let mut bytes = vec![0; count];
        self.file.read_exact_at(&mut bytes, offset).ok()?;
        Some(bytes)
    }

    fn left(&self, offset: u64) -> usize {
        usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX)
    }
}

fn read_at_most(file: &File, into: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < into.len() {
        match file.read_at(&mut into[filled..], filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(filled)
}

/// `bytes` as a row of headers.
pub(super) fn array<T: Pod>(bytes: &[u8]) -> Option<&[T]> {
    slice_from_bytes(bytes, bytes.len() / size_of::<T>()).ok().map(|(array, _)| array)
}
