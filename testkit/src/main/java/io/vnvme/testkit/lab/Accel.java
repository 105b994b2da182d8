package io.vnvme.testkit.lab;

/** What executes a guest's instructions. */
public enum Accel {
    /** The host's processor. */
    KVM,
    /** QEMU's emulation: correct, and some ten times slower; its figures say nothing about speed. */
    TCG
}
