package io.vnvme.nvme;

/** How a controller reaches its host's attention; one implementation per front end. */
public interface Interrupts {
    /** Entries were posted to a completion queue of this vector. At most once a vector and pass. */
    void raise(int vector);

    /** How many vectors a completion queue can name. */
    int vectorCount();

    /** True when MSI-X is in use: then INTMS and INTMC have no effect (NVM Express Base 2.0, 3.1.3.3). */
    boolean messageSignalledExtended();
}
