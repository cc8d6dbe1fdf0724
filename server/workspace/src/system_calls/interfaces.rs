//! The numbers of the system calls that a filter names, for each way to call the kernel.

/// One way to call the kernel: `AUDIT_ARCH_…` of `linux/audit.h` and its numbers of calls.
pub struct Interface {
    pub machine: u32,
    pub keyrings: [u32; 3],
    pub clone: u32,
    pub unshare: u32,
    pub ioctl: u32,
    /// Calls that hide from a filter what they do: `clone3`, `openat2` and `io_uring_setup`.
    pub hidden: [u32; 3],
    /// `chmod`, `fchmod`, `fchmodat` and `fchmodat2`, as far as there are such, each with the position of its mode.
    pub modes: &'static [(u32, u32)],
    /// `creat`, `mknod` and `mknodat`, likewise.
    pub makes: &'static [(u32, u32)],
    /// `open` and `openat`, as far as there are such, each with the position of its flags; its mode comes after them.
    pub opens: &'static [(u32, u32)],
    /// What changes a file's owner, times and attributes: the families of `chown`, `utime`, `setxattr` and `removexattr`.
    pub labels: &'static [u32],
    /// Numbers from here on are another interface of the same machine.
    pub end: u32,
}

/// The same number everywhere.
pub const IO_URING_SETUP: u32 = 425;
const HIDDEN: [u32; 3] = [435, 437, IO_URING_SETUP];
/// `setxattrat`, `removexattrat` and `file_setattr`, which have the same numbers everywhere.
pub const LABELS_EVERYWHERE: [u32; 3] = [463, 466, 469];

#[cfg(target_arch = "x86_64")]
pub const INTERFACES: &[Interface] = &[
    Interface {
        machine: 0xc000_003e,
        keyrings: [248, 249, 250],
        clone: 56,
        unshare: 272,
        ioctl: 16,
        hidden: HIDDEN,
        modes: &[(90, 1), (91, 1), (268, 2), (452, 2)],
        makes: &[(85, 1), (133, 1), (259, 2)],
        opens: &[(2, 1), (257, 2)],
        labels: &[
            92, 93, 94, 260, 132, 235, 261, 280, 188, 189, 190, 197, 198, 199,
        ],
        end: 0x4000_0000,
    },
    Interface {
        machine: 0x4000_0003,
        keyrings: [286, 287, 288],
        clone: 120,
        unshare: 310,
        ioctl: 54,
        hidden: HIDDEN,
        modes: &[(15, 1), (94, 1), (306, 2), (452, 2)],
        makes: &[(8, 1), (14, 1), (297, 2)],
        opens: &[(5, 1), (295, 2)],
        labels: &[
            182, 95, 16, 212, 207, 198, 298, 30, 271, 299, 320, 412, 226, 227, 228, 235, 236, 237,
        ],
        end: u32::MAX,
    },
];
#[cfg(target_arch = "aarch64")]
pub const INTERFACES: &[Interface] = &[
    Interface {
        machine: 0xc000_00b7,
        keyrings: [217, 218, 219],
        clone: 220,
        unshare: 97,
        ioctl: 29,
        hidden: HIDDEN,
        modes: &[(52, 1), (53, 2), (452, 2)],
        makes: &[(33, 2)],
        opens: &[(56, 2)],
        labels: &[55, 54, 88, 5, 6, 7, 14, 15, 16],
        end: u32::MAX,
    },
    Interface {
        machine: 0x4000_0028,
        keyrings: [309, 310, 311],
        clone: 120,
        unshare: 337,
        ioctl: 54,
        hidden: HIDDEN,
        modes: &[(15, 1), (94, 1), (333, 2), (452, 2)],
        makes: &[(8, 1), (14, 1), (324, 2)],
        opens: &[(5, 1), (322, 2)],
        labels: &[
            182, 95, 16, 212, 207, 198, 325, 30, 269, 326, 348, 412, 226, 227, 228, 235, 236, 237,
        ],
        end: u32::MAX,
    },
];
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub const INTERFACES: &[Interface] = &[];
