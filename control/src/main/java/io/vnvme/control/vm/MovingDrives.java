package io.vnvme.control.vm;

import java.util.List;

/**
 * What serves the drives of a VM that moves, at the source and at the destination: QEMU migrates nothing of them,
 * neither their state nor what they write into the guest's memory. Called by one thread. What any of these throws ends
 * the move.
 */
public interface MovingDrives {
    /**
     * The VM is about to be copied: from now on pages of its memory that its drives write are noted.
     *
     * @param deviceIds all vfio-user devices that it has
     */
    void begin(List<String> deviceIds);

    /**
     * Called again and again while the VM runs and its memory is copied. Pages that are sent ahead here are not done
     * with: the guest's processors write to them too, which nobody but QEMU sees. What counts is each noted page as it
     * is when all has stopped.
     */
    void round();

    /** The VM stands still, and nothing of it is at the destination yet: drives stop, and what they are and have written goes there. */
    void freeze();

    /**
     * The VM's memory is at the destination, where it stands still, and so is the configuration of its devices: drives
     * become what they were, and pages that they had written are stored, over what QEMU has copied.
     */
    void load();

    /**
     * The last moment at which the VM could go on at the source: from here on drives belong to the destination, whatever comes.
     *
     * @throws io.vnvme.control.model.ProblemException when they do not, and are the source's as before
     */
    void give();

    /** Drives go on at the destination, and interrupt once for what may have got lost. There is no way back from here. */
    void resume();

    /** The source has ended: nothing there is of use any more. */
    void end();

    /**
     * The move is off, anywhere between {@link #begin} and the end of {@link #give}: drives go on at the source, as far as they
     * stopped. Nothing of the destination goes on.
     */
    void giveUp();
}
