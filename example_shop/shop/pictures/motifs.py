"""Which thing a name speaks of, what decorates it, and how many come in the set."""

from __future__ import annotations

import re

# What the product is. The first rule whose word occurs decides, so `cake stand` stands before `cake`.
_THINGS: tuple[tuple[str, str], ...] = (
    ("key", r"key ?rings?|keyrings?|key fobs?|key-?chains?"),
    ("egg", r"egg ?cups?"),
    ("bow", r"hair\w*"),
    ("cake-stand", r"cake ?stands?|cakestand"),
    ("hot-water-bottle", r"hot water bottles?|hottie"),
    ("backpack", r"lunch bags?|rucksack|backpack"),
    ("shopping-bag", r"gift bags?|paper bags?|party bags?|charlotte bag|bottle bag"),
    ("handbag", r"handbag|hand bag|shoulder bag|tote|shopper|bags?|washbag"),
    ("wallet", r"purses?|wallets?|passport|card holder|cardholder"),
    ("luggage", r"luggage|suitcases?|trunk"),
    ("teapot", r"tea ?pots?|tea for one|tea set|tea caddy|tea cos(?:y|ies)"),
    ("sticker", r"stickers?|tattoos?|badges?|patches"),
    ("mail", r"cards?|envelopes?|postcards?|letters?(?! rack)|invites?|stationery|writing|notelets?"),
    ("gift", r"wrap|gift tape|wrapping|present|gift box"),
    ("tag", r"gift tags?|tags?|labels?"),
    ("sparkles", r"fairy lights|lights? string|string of lights|light chain|light garland"),
    ("lantern", r"lanterns?"),
    ("tealight", r"t-? ?lights?|tealights?|votives?|night ?light"),
    ("candle", r"candles?|candlesticks?|candle ?holders?|candlepots?|tapers?|candelabra|candle ?pot"),
    ("flame", r"incense|fragrance|scented|pot pourri|oil burner"),
    ("utensils", r"cutlery|forks?|knives|knife"),
    ("soup", r"soup|pudding"),
    ("chef-hat", r"aprons?|chef|oven gloves?|oven mitt|recipe"),
    ("cookie", r"cookies?|biscuits?|cutters?|gingerbread"),
    ("cupcake", r"cake cases|cupcakes?|baking|muffin|cake tins?|fairy cake|jelly|mould|cakes?"),
    ("scale", r"scales"),
    ("cooking-pot", r"pans?|casserole|frying|saucepan|cooking"),
    ("jar", r"jars?|jam|canisters?|preserve|sugar"),
    ("milk", r"milk bottle|bottles?|flask|thermos|oil"),
    ("coffee", r"mugs?|coffee|cups?|saucers?|beakers?|tea ?cups?"),
    ("parasol", r"parasols?|deckchairs?"),
    ("wine", r"wine|goblet|champagne|glasses|chalice|cocktail|tumblers?|aperitif"),
    ("plate", r"plates?|placemats?|coasters?|platter|charger|place setting"),
    ("bowl", r"bowls?|dish|dishes|basin|trinket pot"),
    ("bath", r"bath(?:room)?|shower|soap|toilet|loo|flannels?|towels?|washroom"),
    ("egg", r"eggs?|easter"),
    ("watering-can", r"watering|garden(?:er)?s?|plant(?:er)?s?|trowel|spade|potting|kneeling"),
    ("birdhouse", r"bird ?house|birdhouse|bird table|bird feeder|nest box|bird ?cage"),
    ("umbrella", r"umbrellas?|rain|poncho"),
    ("necklace", r"necklaces?|pendants?|chokers?|lariat|necklac|chains?(?= necklace)"),
    ("earrings", r"earrings?"),
    ("bracelet", r"bracelets?|bangles?|braclet|anklet"),
    ("gem", r"rings?(?! binder)|brooch|diamante|crystal|jewel(?:led)?|jewellery"),
    ("bow", r"ribbons?|bows?|hair|headband|slides?"),
    ("scissors", r"scissors?|craft|decoupage"),
    ("spool", r"sewing|thread|knitting|feltcraft|crochet|bobbin|yarn|pin ?cushions?|buttons?"),
    ("wreath", r"wreaths?"),
    ("bunting", r"bunting|pennants?|garlands?|paper chains?|streamers?|flags?"),
    ("balloon", r"balloons?"),
    ("party-popper", r"party|confetti|crackers?|celebration|birthday banner|hats?"),
    ("bauble", r"baubles?|christmas (?:balls?|decorations?)|hanging decorations?|ornaments?"),
    ("doily", r"doil(?:y|ies)|napkins?|tissues?|tablecloth|table runner|lace"),
    ("puzzle", r"jigsaws?|puzzles?"),
    ("dices", r"dominoes|dice|games?|bingo|snakes|ludo|draughts|noughts|naughts|skittles|backgammon|chess"),
    ("rocket", r"spaceboy|rockets?|space(?:ship)?"),
    ("babushka", r"babushkas?|matryoshka"),
    ("doll", r"dolls?|dolly|girls?|princess|fairy|angel"),
    ("drum", r"drum|soldiers?|tambourine|recorder|harmonica"),
    ("car-front", r"cars?|truck|taxi"),
    ("train-front", r"trains?"),
    ("sailboat", r"boats?|sailor|ships?|yacht"),
    ("tent", r"circus|tents?|camping|teepee"),
    ("blocks", r"blocks?|toys?|toy box|childrens?|children's|childs|baby|nursery|playhouse"),
    ("coins", r"money bank|money box(?:es)?|piggy"),
    ("calendar-heart", r"calendars?|planner|organiser"),
    (
        "notebook",
        r"notebooks?|note ?books?|journals?|sketchbook|pocket book|exercise books?|jotter|address book|scrap ?book",
    ),
    ("pencil", r"pencils?|crayons?|chalks?|colouring|pens?|sharpeners?|rubbers?|erasers?|highlighters?"),
    ("magnet", r"magnets?"),
    ("ruler", r"rulers?|tape measure|measuring|spirit level"),
    ("clipboard-list", r"memo|shopping list|clipboard|pad"),
    ("clock", r"clocks?|timer"),
    ("lamp", r"lamps?|lampshades?|chandeliers?"),
    ("lightbulb", r"lights?|bulbs?|lightbulbs?|torch"),
    ("mirror-round", r"mirrors?|mirrored|compact"),
    ("picture-frame", r"frames?|photos?|pictures?|canvas|wall art|portrait|photoframe|albums?"),
    ("hanging-sign", r"signs?|plaques?|blackboards?|chalkboards?|slate|tiles?|board|boards"),
    ("key", r"keys?|key ?rings?|fobs?|keyrings?"),
    ("hook", r"hooks?|hangers?|coat rack|rack|towel rail"),
    ("drawers", r"drawers?|cabinets?|chests?|sideboard|dresser|cupboard|knobs?|table|desk|wardrobe"),
    ("armchair", r"chairs?|stools?|seat|bench|pouffe|hammock"),
    ("doormat", r"doormats?|mats?|rugs?"),
    ("cushion", r"cushions?|pillows?|throws?|quilts?|pads?"),
    ("shirt", r"scarf|scarves|slippers?|gloves?|shirt|socks?|t-shirt"),
    ("shopping-basket", r"baskets?|hampers?|picnic|wicker"),
    ("tin", r"tins?|storage|caddy|bin|bins|bucket|pail|tub"),
    ("package", r"box(?:es)?|cases?|trays?|crates?|treasure"),
    ("flower-2", r"vases?|pots?|flowers?|artificial|blossoms?|spray|bouquet|peony|dahlia|chrysanthemum\w*"),
    ("matches", r"matches"),
    ("hand", r"hand ?warmers?|hand cream|warmers?|massager"),
    ("bell", r"bells?|chimes?"),
    ("door-closed", r"doors?|doorstops?|door stop|screen|curtains?"),
    ("utensils", r"spoons?"),
    ("snowflake", r"snow\w*|icicles?|frost(?:ed)?"),
)

# What decorates it, or what it is a likeness of when no thing is named.
_DECORATIONS: tuple[tuple[str, str], ...] = (
    ("heart", r"hearts?|love|sweethearts?|valentine|romantic|kiss\w*|darling"),
    ("star", r"stars?|superstar|disco"),
    ("butterfly", r"butterfl(?:y|ies)|b'fly"),
    ("strawberry", r"strawberr\w+"),
    ("cherry", r"cherr(?:y|ies)"),
    ("apple", r"apples?|pears?|fruits?"),
    ("toadstool", r"toadstools?|mushrooms?"),
    ("rose", r"roses?|rosebud|regency|victorian|edwardian|peony"),
    (
        "flower",
        r"flowers?|floral|daisy|daisies|blossoms?|botanical|jardin|hibiscus|sunflower|polyester|poppy|poppies|magnolia|tulips?",
    ),
    ("leaf", r"leaf|leaves|fern|ivy|eucalyptus|laurel"),
    (
        "bird",
        r"birds?|doves?|robins?|lovebirds?|owls?|ducks?|hens?|chickens?|peacock|swallows?|cockerel|parrot|chicks?",
    ),
    ("rabbit", r"rabbits?|bunn(?:y|ies)|hare|woodland"),
    ("cat", r"cats?|kittens?"),
    ("dog", r"dogs?|puppy|puppies|scott(?:ie|y)|spaniel|poodle"),
    ("squirrel", r"squirrels?|fox|hedgehogs?|reindeer|deer|animals?"),
    ("fish", r"fish|goldfish|sea|seaside|ocean"),
    ("bug", r"bugs?|bees?|ladybirds?|beetles?|insects?|spiders?|creepy"),
    ("turtle", r"turtles?|frogs?|snakes?|dinosaurs?|gecko|crocodile"),
    ("skull", r"skulls?|pirates?"),
    ("crown", r"crowns?|king'?s?|queens?|royal|princess|empire|union jack|union flag|keep calm|london|coronation"),
    ("tree-pine", r"christmas|trees?|xmas|noel"),
    ("snowflake", r"snow\w*|winter"),
    ("house", r"home|house|cottage|shed|hut|village"),
    ("globe", r"globe|world|map"),
    ("music", r"music\w*|piano|guitar|radio|boombox|ipod|headphones|record"),
    ("shell", r"shells?|clam"),
    ("feather", r"feathers?|angel|wings?"),
    ("moon-star", r"moon|night|dream|sleep"),
    ("sun", r"sun|sunshine|summer|tropical|hawaii\w*"),
    ("candy", r"candy|sweets?|sweeties|lolly|tutti|bon"),
    ("ice-cream-cone", r"ice.?cream"),
    ("coffee", r"tea|teatime|breakfast|cafe|chocolate"),
    ("cake-slice", r"cake|bake|pantry|bakery"),
    ("wand-sparkles", r"magic|fairy|fairies|wand"),
    ("dice-5", r"retro|spot|polka ?dots?|retrospot"),
    ("flower", r"baroque|french|chateau|paris|antique"),
    ("clover", r"paisley|gingham|vintage|folkart|folk"),
    ("sparkle", r"diamante|crystal|glitter|bling|metallic|glass"),
    ("plane", r"airline|plane|helicopter|glider|jet"),
    ("fan", r"fan"),
    ("snail", r"grow|caravan"),
)
_FOR_CATEGORY = {
    "Christmas": "tree-pine",
    "Jewellery & Accessories": "gem",
    "Candles & Lanterns": "candle",
    "Lunch & Picnic": "sandwich",
    "Party & Celebration": "party-popper",
    "Stationery & Cards": "mail",
    "Bathroom & Wellbeing": "bath",
    "Signs, Frames & Mirrors": "hanging-sign",
    "Toys & Children": "blocks",
    "Bags & Purses": "handbag",
    "Sewing & Crafts": "spool",
    "Kitchen & Baking": "cupcake",
    "Tableware & Mugs": "coffee",
    "Garden & Outdoors": "sprout",
    "Clocks & Lamps": "lamp",
    "Storage & Tins": "package",
    "Cushions & Textiles": "cushion",
    "Hanging Decorations": "bauble",
}
# Things that fill whole pages of the shop come in several shapes.
_SHAPES = {
    "tealight": ("tealight", "tealight-glass", "tealight-hanging"),
    "candle": ("candle", "candlestick", "candle-pair"),
    "coffee": ("coffee", "teacup"),
    "mail": ("mail", "greeting-card"),
    "gem": ("gem", "ring"),
    "bowl": ("bowl", "soup"),
    "gift": ("gift", "wrap-roll"),
}
_SHAPE_WORDS = (
    ("tealight-glass", re.compile(r"\b(?:glass|jar)\b", re.IGNORECASE)),
    ("tealight-hanging", re.compile(r"\bhanging\b", re.IGNORECASE)),
    ("candlestick", re.compile(r"\b(?:candlesticks?|holder|candleholder)\b", re.IGNORECASE)),
    ("candle-pair", re.compile(r"\bdinner\b", re.IGNORECASE)),
    ("teacup", re.compile(r"\b(?:cups?|saucers?|teacups?)\b", re.IGNORECASE)),
    ("greeting-card", re.compile(r"\bcards?\b", re.IGNORECASE)),
    ("ring", re.compile(r"\bring\b", re.IGNORECASE)),
    ("wrap-roll", re.compile(r"\bwrap\b", re.IGNORECASE)),
)
_SET = re.compile(
    r"\b(?:set of|pack of|box of|s/|string of|bundle of)\s*(\d+|two|three|four|six)\b|^(\d+) ", re.IGNORECASE
)
_SPELLED = {"two": 2, "three": 3, "four": 4, "six": 6}


def _compiled(rules: tuple[tuple[str, str], ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((icon, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for icon, words in rules)


_THING_RULES, _DECORATION_RULES = _compiled(_THINGS), _compiled(_DECORATIONS)


def motifs_of(name: str, category: str, draw: int = 0) -> tuple[str, str | None]:
    """The icon of the thing, and that of its decoration if any is named; `draw` picks one of several shapes."""
    thing = next((icon for icon, words in _THING_RULES if words.search(name)), None)
    decoration = next((icon for icon, words in _DECORATION_RULES if words.search(name)), None)
    thing = thing or decoration or _FOR_CATEGORY.get(category, "gift")
    if decoration == thing:
        decoration = None
    return _shape_of(thing, name, draw), decoration


def _shape_of(thing: str, name: str, draw: int) -> str:
    shapes = _SHAPES.get(thing, (thing,))
    told = next((shape for shape, words in _SHAPE_WORDS if shape in shapes and words.search(name)), None)
    return told or shapes[draw % len(shapes)]


def pieces_of(name: str) -> int:
    """How many pieces the name speaks of; 1 when it does not say."""
    if (found := _SET.search(name)) is None:
        return 1
    count = (found[1] or found[2]).lower()
    return _SPELLED.get(count) or int(count)
