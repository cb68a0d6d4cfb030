"""Invented names for people who do not exist, so that a demonstration reads like a day at work."""

GIVEN = (
    "Amaya", "Bea", "Carmen", "Dalia", "Esme", "Faye", "Gloria", "Hạnh", "Imani", "Josué", "Kiara", "Lourdes", "Mai",
    "Noor", "Odalys", "Petra", "Quincy", "Rosa", "Soledad", "Thuy", "Uma", "Valentina", "Willa", "Xochitl", "Yesenia",
    "Zoë", "André", "Bao", "Curtis", "Darnell",
)  # fmt: skip
FAMILY = (
    "Testaway", "Sampleton", "Mockingham", "Ejemplo", "Demoree", "Prueba", "Fictara", "Nguyễn-Mẫu", "Placeholm",
    "Inventa", "Modelo", "Figment", "Makebell", "Ficticia", "Example",
)  # fmt: skip
STAFF_GIVEN = (
    "Avery", "Blake", "Casey", "Drew", "Emery", "Finley", "Gray", "Harper", "Indigo", "Jules", "Kai", "Lane", "Morgan",
    "Nico", "Oakley", "Parker", "Quinn", "Reese", "Sage", "Tatum", "Umber", "Vesper", "Wren", "Yael", "Zion",
)  # fmt: skip
STAFF_FAMILY = ("Example", "Sample", "Model", "Demo")
WORDS = (
    "amber", "basket", "candle", "daisy", "ember", "feather", "garden", "harbor", "island", "jasmine", "kettle",
    "lantern", "meadow", "nutmeg", "orchard", "pebble", "quilt", "river", "saffron", "thistle", "velvet", "willow",
)  # fmt: skip


def name_of(index: int) -> tuple[str, str]:
    """A given and a family name for the client with this number."""
    return GIVEN[index % len(GIVEN)], FAMILY[(index // len(GIVEN) + index) % len(FAMILY)]


def staff_name(index: int) -> str:
    """A name for the member of staff with this number."""
    return f"{STAFF_GIVEN[index % len(STAFF_GIVEN)]} {STAFF_FAMILY[index // len(STAFF_GIVEN) % len(STAFF_FAMILY)]}"
