package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Delete;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Post;
import io.avaje.http.api.Produces;
import io.avaje.http.api.Put;
import io.helidon.webserver.http.ServerRequest;
import io.vnvme.control.model.Arrival;
import io.vnvme.control.model.ArrivalChannel;
import io.vnvme.control.model.ArrivalEnd;
import io.vnvme.control.model.ArrivalInfo;
import io.vnvme.control.model.AwaitArrival;
import io.vnvme.control.model.MigrationCheck;
import io.vnvme.control.model.PlugArrival;
import io.vnvme.control.model.ResumeArrival;
import io.vnvme.control.model.Role;
import io.vnvme.control.service.Arrivals;
import io.vnvme.control.service.Services;
import io.vnvme.control.vm.PciImages;

/** VMs on their way here with their vNVMes. Asked for by the daemon that sends them, step by step. */
@Controller
@Path(ArrivalController.PATH)
final class ArrivalController {
    static final String PATH = "/api/v1/arrivals";

    private final Arrivals arrivals;

    ArrivalController(Services services) {
        this.arrivals = services.arrivals();
    }

    /**
     * Looks whether a VM could come. Nothing is changed.
     *
     * @param request the VM
     * @return what was found
     */
    @Post("/check")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    MigrationCheck check(Arrival request) {
        return arrivals.check(request);
    }

    /**
     * Makes the vNVMes of a VM that is to come, for the other daemon to write to.
     *
     * @param request the VM
     * @return where their contents go
     */
    @Post
    @Produces(statusCode = 201)
    @Allowed(Role.OPERATOR)
    ArrivalInfo expect(Arrival request) {
        return arrivals.expect(request);
    }

    /**
     * Says that the other daemon is still there; without a word for a minute the VM is given up.
     *
     * @param id of the arrival
     * @return the arrival
     */
    @Get("/{id}")
    @Allowed(Role.OPERATOR)
    ArrivalInfo show(String id) {
        return arrivals.show(id);
    }

    /**
     * Plugs the VM's devices into the QEMU that waits for it, which listens for its memory from then on.
     *
     * @param id of the arrival
     * @param request its devices
     * @return where it listens
     */
    @Post("/{id}/plug")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    ArrivalChannel plug(String id, PlugArrival request) {
        return arrivals.plug(id, request);
    }

    /**
     * Waits until all of the VM's memory is here.
     *
     * @param id of the arrival
     * @param request how long
     * @return the arrival
     */
    @Post("/{id}/await")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    ArrivalInfo await(String id, AwaitArrival request) {
        return arrivals.await(id, request);
    }

    /**
     * Gives the devices what QEMU kept of them.
     *
     * @param id of the arrival
     * @param request an image of each
     * @return the arrival
     */
    @Post("/{id}/replay")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    ArrivalInfo replay(String id, PciImages request) {
        return arrivals.replay(id, request.images());
    }

    /**
     * Stores pages of the guest's memory that a device has written: for each its address, 8 bytes, little endian; then their contents.
     *
     * @param id of the arrival
     * @param device its id
     * @return the arrival
     */
    @Put("/{id}/devices/{device}/pages")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    ArrivalInfo pages(String id, String device, ServerRequest http) {
        return arrivals.pages(id, device, Bodies.of(http));
    }

    /**
     * Takes a further part of a device's state (docs/formats/device-state.md).
     *
     * @param id of the arrival
     * @param device its id
     * @return the arrival
     */
    @Put("/{id}/devices/{device}/state")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    ArrivalInfo state(String id, String device, ServerRequest http) {
        return arrivals.state(id, device, Bodies.of(http));
    }

    /**
     * Takes who has reserved a vNVMe.
     *
     * @param id of the arrival
     * @param uuid of the vNVMe
     * @return the arrival
     */
    @Put("/{id}/vnvmes/{uuid}/reservations")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    ArrivalInfo reservations(String id, String uuid, ServerRequest http) {
        return arrivals.reservations(id, uuid, Bodies.of(http));
    }

    /**
     * Makes all devices what their states say.
     *
     * @param id of the arrival
     * @return the arrival
     */
    @Post("/{id}/load")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    ArrivalInfo load(String id) {
        return arrivals.load(id);
    }

    /**
     * Takes the VM's vNVMes: from then on they are this daemon's, and nobody else's. Asked again, it is answered again.
     *
     * @param id of the arrival
     * @param request how it goes on
     * @return the arrival
     */
    @Post("/{id}/resume")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    ArrivalInfo resume(String id, ResumeArrival request) {
        return arrivals.resume(id, request);
    }

    /**
     * Lets the VM go on.
     *
     * @param id of the arrival
     * @return the arrival
     */
    @Post("/{id}/continue")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    ArrivalInfo goOn(String id) {
        return arrivals.goOn(id);
    }

    /**
     * The VM does not come: the QEMU that waits ends, and what was made for it is removed.
     *
     * @param id of the arrival
     * @return what became of that QEMU
     */
    @Post("/{id}/giveup")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    ArrivalEnd giveUp(String id) {
        return arrivals.giveUp(id);
    }

    /**
     * The other daemon is done with a VM that has come.
     *
     * @param id of the arrival
     * @return the arrival
     */
    @Delete("/{id}")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    ArrivalInfo end(String id) {
        return arrivals.end(id);
    }
}
