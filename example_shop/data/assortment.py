"""Sorts products into the shop's categories and collections by the words of their names.

The data set names neither, so both are read off the names: the first category whose words occur wins, so narrow
categories stand before wide ones; what no rule knows lands in `REST`. In a rule, `_` stands for a
space, a hyphen or nothing.
"""

from __future__ import annotations

import re

REST = "Gifts & Curiosities"

_CATEGORIES: tuple[tuple[str, str], ...] = (
    (
        "Christmas",
        "christmas santa reindeer noel snowman snowmen advent baubles? rudolph yuletide stockings? sleighs? "
        "icicles? nativity mistletoe holly ginger(bread)? pinecones? angels? snowflakes? crackers? snowy robins? "
        "tinsel",
    ),
    (
        "Jewellery & Accessories",
        "necklaces? earrings? bracelets? bangles? brooch(es)? chokers? pendants? diamante hair rings? lariat "
        "cufflinks? anklet phone_charms? crystal_frog jewellery orbit boudicca scarf scarves sunglasses "
        "(beaded|bag|letter|heart)_charms? sombrero slides? headband tiara (?<!cocktail.)parasols? umbrellas?",
    ),
    (
        "Candles & Lanterns",
        "candles? t_lights? lanterns? incense candle_holders? candlesticks? votives? candlepots? candelabra "
        "oil_burners? tealights? candleholders? tapers? scented fragrance pot_pourri fragranced? burners? snuffer",
    ),
    (
        "Lunch & Picnic",
        "lunch picnic snack flasks? thermos sandwich water_bottle_cover bento hampers? cool_bags? beach_spade "
        "bottle_bag",
    ),
    (
        "Party & Celebration",
        "party balloons? bunting birthday_banner confetti honeycomb doilies straws? "
        "paper_(cups?|plates?|napkins?|chains?|fans?|lanterns?|balls?|bells?|garland) cake_cases? napkins? "
        "cocktail leis pom_poms? invites? party_bags? pennants? feather_boa streamers? celebration swizzle "
        "tissues? wedding fancy_dress flower_garland tattoos?",
    ),
    (
        "Stationery & Cards",
        "cards? notebooks? note_books? pens? pencils? wrap(ping)? gift_tags? gift_tape tape stickers? envelopes? "
        "journals? sketchbooks? calendars? eras[eo]rs? postcards? writing sharpeners? jotters? memo rulers? "
        "gift_bags? rubbers? chalks? colouring scrapbook note_pads? organisers? filofax office desk stamps? "
        "ribbons? stationery gift_box(es)? planner magnetic_shopping_list letter_rack passport photo_album "
        "address paperweights? folders? paper_bag notes? pin_up highlighters? bookmarks? paper_pads? clipboards? "
        "photo_corners? crayons? art_pad shopping_list address_book",
    ),
    (
        "Bathroom & Wellbeing",
        "bathroom soaps? (?<!tea.)towels? bath bathe toothbrush toothpaste balm shower flannels? toilet loo "
        "hot_water_bottles? hotties? hand_warmers? lip_gloss manicure nail bubble_bath sponge massager plasters? "
        "talc foot wheatbag hand_cream pill_box lavender_bag sleep slippers? compact",
    ),
    (
        "Signs, Frames & Mirrors",
        "signs? frames? mirrors? wall_art pictures? plaques? blackboards? chalk_boards? letters? tiles? numbers? "
        "(memo|notice|magnet)_?boards? posters? photo prints? canvas door_(sign|hanger|plate|number) wallpaper "
        "letter_box words? mirrored mobile screen panel doorbell door easel initials? alphabet mosaic",
    ),
    (
        "Toys & Children",
        "child(ren)?('?s)? childs toys? jigsaws? puzzles? dolls? skittles playing games? dinosaurs? puppets? "
        "marbles snakes skipping bab(y|ies) kids boys? girls? nursery playhouse teddy bears? spinning_tops? "
        "soldiers? cartoon pirates? magic_tree animals? dominoes? harmonica recorder tambourine yo_yo whirligig "
        "spaceboy boats? trains? naughts noughts draughts backgammon ludo piano bouncing fairy_wand wand "
        "monsters? monkeys? bike bicycle teepee sand_castle money_box(es)? rocking_horse knights? princess abacus "
        "kaleidoscope craft_kit spaceships? juggling hopscotch blackboard finger_puppets? circus jack_in_the_box "
        "matryoshka badges? crochet robots? glow",
    ),
    (
        "Bags & Purses",
        "bags? shoppers? purses? handbags? wallets? rucksacks? luggage totes? satchel suitcases? "
        "travel_(card|bag|wallet) card_holder key_rings? key_fobs? backpacks? wash_bag key_chain cosmetic vanity "
        "keyrings? trolley",
    ),
    (
        "Sewing & Crafts",
        "sewing knitting feltcraft buttons? craft patches patch stencils? pin_cushions? thread needles? "
        "tape_measure decoupage_kit make_your_own origami_paper paper_craft bobbins? pin_cushion sew sequins? "
        "scissors?",
    ),
    (
        "Kitchen & Baking",
        "cakes?(?!_cushion|_shop) cakestand baking bake_ware cookies? biscuits? aprons? oven tea_towels? "
        "measuring recipes? mixing whisks? cutters? jam pantry spoons? scales pans? jelly moulds? cutlery cooking "
        "egg_cups? eggs?_(cup|spoon|timer|warmer|poacher|frying|holder)s? bread kitchen fridge chopping cheese "
        "butter butcher salt pepper herbs? colanders? graters? funnel rolling_pin cheeseboard peelers? ice_cream "
        "lolly tongs icing sugar spice toast toaster casserole sieve timer food cupcakes? pudding popcorn "
        "muffins? corkscrews? bottle_opener openers? ladle cafetiere ice_cube cake_tins? cookbook trivet spatula "
        "pot_holders? wooden_spoon magnets? chef dairy oil_bottle",
    ),
    (
        "Tableware & Mugs",
        "mugs? cups? saucers? plates? bowls? tea_sets? tea_pots? teapots? jugs? trays? coasters? place_mats? "
        "placemats? dish(es)? tumblers? beakers? glasses goblets? table_cloths? wine carafes? decanter tea coffee "
        "dinner chalice platters? cruet table_runner ashtrays? serving melamine fruit_bowl fruitbowl "
        "tea_cos(y|ies) cos(y|ies) egg_warmer milk_(jug|bottle) drinks? coffee_(pot|jar) jar_of cake_plate demi "
        "espresso",
    ),
    (
        "Garden & Outdoors",
        "garden gardeners? plants? planters? pots? watering bird_(house|feeder|table|bath|box)s? birdhouse "
        "feeders? wheelbarrow windmills? gnomes? trowels? spades? seeds? kneeling hose potting greenhouse cacti "
        "cactus bbq deckchairs? hammock camping tents? pail bucket buckets wind_chimes? chimes? fly_swat beach "
        "trellis allotment toadstools? mushrooms? sundial insect vegetable parasol bench nest_box obelisk "
        "thermometer barometer weather cultivator sow",
    ),
    (
        "Clocks & Lamps",
        "clocks? lamps? lampshades? light(s|bulbs?)? night_lights? chandeliers? bulbs? torch(es)? lighting "
        "ubo_light neon radio led lights?",
    ),
    (
        "Storage & Tins",
        "box(es)? tins? drawers? cabinets? baskets? jars? storage chests? racks? shel(f|ves) cupboard bins? "
        "crates? containers? trunks? tid(y|ies) bottles? hooks? hangers? holders? caddy cubes? trinkets? cases? "
        "wardrobe dresser sideboard knobs? stools? chairs? tables? bureau peg pegs canisters? treasure "
        "key_(holder|cabinet) organiser vases? cloche bell_jar stands? ladder",
    ),
    (
        "Cushions & Textiles",
        "cushions? throws? curtains? door_mats? doormats? rugs? quilts? blankets? door_stops? doorstops? draught "
        "fabric bedspread pillows? voile filler tapestry duvet lace eiderdown textile pouffe crochet_cushion "
        "cotton linen",
    ),
    (
        "Hanging Decorations",
        "decorations? decorative hanging wreaths? garlands? ornaments? easter feathers? artificial blossoms? "
        "hearts? butterfl(y|ies) birds? doves? chicks? hens? rabbits? bunn(y|ies) flowers? stars? bells? eggs? "
        "leaves leaf swags? sprays? branch twigs? roses? daffodils? tree trees wicker string strings fairy "
        "fair(y|ies) cherubs? lilies lily lavender hanger suncatcher ducks? cockerel acrylic zinc",
    ),
)
_RULES = tuple(
    (name, re.compile(rf"\b(?:{'|'.join(words.split()).replace('_', '[ -]?')})\b", re.IGNORECASE))
    for name, words in _CATEGORIES
)
CATEGORIES = (*(name for name, _ in _CATEGORIES), REST)

_COLLECTIONS: tuple[tuple[str, str], ...] = (
    ("Retrospot", r"retrospot|red spotty"),
    ("Regency", r"regency"),
    ("Vintage Doily", r"vintage doil(?:y|ies)"),
    ("Paisley Park", r"paisley"),
    ("Spaceboy", r"spaceboy"),
    ("Dolly Girl", r"dolly girl"),
    ("Charlie & Lola", r"charlie"),
    ("Circus Parade", r"circus"),
    ("Skulls", r"skulls?"),
    ("Woodland", r"woodland"),
    ("Strawberry", r"strawberr(?:y|ies)"),
    ("Babushka", r"babushka"),
    ("Suki", r"suki"),
    ("Sweetheart", r"sweetheart"),
    ("Union Jack", r"union (?:jack|flag|stripe)"),
    ("Feltcraft", r"feltcraft"),
    ("Magic Garden", r"magic garden"),
    ("Edwardian", r"edwardian"),
    ("Boudicca", r"boudicca"),
    ("Orbit", r"orbit"),
    ("Baroque", r"baroque"),
    ("Toadstool", r"toadstools?"),
    ("Gingham", r"gingham"),
    ("Polkadot", r"polka ?dots?"),
    ("Apple Orchard", r"apples?|pears?"),
    ("Tutti Frutti", r"tutti frutti"),
    ("Vintage Christmas", r"vintage christmas"),
    ("50's Christmas", r"50's christmas"),
    ("French Pantry", r"pantry|french"),
    ("Jardin", r"jardin"),
    ("London", r"london"),
    ("Keep Calm", r"keep calm"),
    ("Love Birds", r"love ?birds?"),
    ("Vintage Leaf", r"vintage leaf"),
    ("Botanical", r"botanical"),
)
_COLLECTION_RULES = tuple((name, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for name, words in _COLLECTIONS)


def category_of(name: str) -> str:
    """The first category one of whose words stands in the name; every name has one."""
    return next((category for category, words in _RULES if words.search(name)), REST)


def collection_of(name: str) -> str | None:
    """The collection that the name speaks of, if any."""
    return next((collection for collection, words in _COLLECTION_RULES if words.search(name)), None)
