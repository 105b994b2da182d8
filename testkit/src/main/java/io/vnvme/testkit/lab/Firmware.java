package io.vnvme.testkit.lab;

/** What starts in a VM first. */
public enum Firmware {
    /** Starts a given kernel as fast as possible and touches no drive. */
    QBOOT,
    /** A BIOS with an NVMe driver of its own. */
    SEABIOS,
    /** UEFI with an NVMe driver of its own. */
    OVMF
}
