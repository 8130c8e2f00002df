"""A host's frames to the serial loader of a ROM, one by one, and what comes back."""

from machine import Machine


def converse(request, roms):
    """The loader of a request, asked.

    chip; fuses: block -> words; frames: hex; slowRead: see EfuseController; strap: another strap word. The conversation ends where the
    ROM no longer waits for a byte. `replies`: {receive: hex, state, resets, where}.
    """
    machine = Machine(
        request["chip"],
        roms,
        fuses=request["fuses"],
        strap=request.get("strap"),
        slow_read=request.get("slowRead", False),
    )
    state = machine.run()
    console = bytes(machine.sent).hex()
    replies = []
    for frame in request["frames"]:
        if state != "idle":
            break
        answer, state = machine.send(bytes.fromhex(frame))
        replies.append(
            {"receive": answer.hex(), "state": state, "resets": machine.resets, "where": machine.where}
        )
    return {"console": console, "state": state, "replies": replies, "fuses": machine.efuse.fuses}
