package io.vnvme.control.plane;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.nvmetcp.DiscoveryEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RemoteLooksTest {
    private static final String NQN = "nqn.2014-08.org.nvmexpress:uuid:5d0e3a9c-0000-4000-8000-000000000009";

    @Test
    void whatIsFoundCanBeClaimedAsItIsSaid() {
        assertThat(RemoteLooks.spec(new DiscoveryEntry(NQN, "nvm", "tcp", "192.0.2.1", "4420", false)))
                .isEqualTo("nvme-tcp://192.0.2.1:4420/" + NQN);
        assertThat(RemoteLooks.spec(new DiscoveryEntry(NQN, "nvm", "tcp", "2001:db8::1", "4420", true)))
                .isEqualTo("nvme-tcp://[2001:db8::1]:4420/" + NQN + "?tls=1");
        assertThat(RemoteLooks.spec(new DiscoveryEntry(NQN, "discovery", "tcp", "192.0.2.1", "8009", false)))
                .isNull();
        assertThat(RemoteLooks.spec(new DiscoveryEntry(NQN, "nvm", "rdma", "192.0.2.1", "4420", false)))
                .isNull();
    }

    /** A target may say anything. */
    @ParameterizedTest
    @CsvSource({
        "nqn.x;reboot,192.0.2.1,4420",
        "nqn.$(reboot),192.0.2.1,4420",
        "nqn.x?nsid=2,192.0.2.1,4420",
        "none,192.0.2.1,4420",
        "nqn.x,192.0.2.1/nqn.y?,4420",
        "nqn.x,'192.0.2.1,192.0.2.2',4420",
        "nqn.x,192.0.2.1,0",
        "nqn.x,192.0.2.1,443 0",
        "nqn.x,192.0.2.1,",
        "nqn.x,'',4420"
    })
    void whatMakesNoSenseIsNotSaid(String nqn, String address, String service) {
        String port = service == null ? "" : service;
        assertThat(RemoteLooks.spec(new DiscoveryEntry(nqn, "nvm", "tcp", address, port, false)))
                .isNull();
    }
}
