# ruff: noqa: RUF001, E501 - words of fourteen languages: their letters are meant, and a list reads best on one line
"""Words of the comments, captions and biographies, per language, the commonest first.

English reactions follow the commonest real ones (FACTS "What surprises" 2); the other languages are their everyday
counterparts, assumed. In sentences `{a}` is an adjective and `{n}` a noun of the account's topics.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language. Every list runs from common to rare; `joiner` is what stands between words."""

    reactions: tuple[str, ...]
    adjectives: tuple[str, ...]
    nouns: tuple[str, ...]
    openers: tuple[str, ...]
    closers: tuple[str, ...]
    sentences: tuple[str, ...]
    questions: tuple[str, ...]
    joiner: str = " "
    niche_nouns: dict[str, tuple[str, ...]] = field(default_factory=dict)


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|"))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _lexicon(
    reactions: str,
    adjectives: str,
    nouns: str,
    openers: str,
    closers: str,
    sentences: str,
    questions: str,
    joiner: str = " ",
) -> Lexicon:
    return Lexicon(
        reactions=_list(reactions),
        adjectives=_list(adjectives),
        nouns=_list(nouns),
        openers=_list(openers),
        closers=_list(closers),
        sentences=_list(sentences),
        questions=_list(questions),
        joiner=joiner,
    )


ENGLISH_NICHES = {
    "beauty": "makeup|lipstick|skin|eyeliner|palette|blush|lashes|glow|foundation|hair|serum|nails|brows|look",
    "education": "lesson|book|course|exam|study plan|explanation|topic|chapter|essay|class|notes|lecture|method|summary",
    "family": "baby|kids|family|home|little one|birthday|mum life|garden|bedtime|sister|grandma|nursery|party|smile",
    "fashion": "outfit|dress|shoes|jacket|style|bag|coat|jeans|sneakers|skirt|earrings|sunglasses|boots|color",
    "fitness": "workout|squats|progress|gym|abs|routine|deadlift|yoga|run|training|protein|pull ups|marathon|form",
    "food": "recipe|cake|pasta|bread|soup|cookies|sauce|salad|brunch|ramen|curry|dough|cheese|dessert",
    "gaming": "stream|clip|game|build|boss fight|ranked|speedrun|setup|controller|lobby|patch|quest|loadout|raid",
    "music": "song|voice|cover|beat|album|guitar|concert|lyrics|chorus|melody|piano|tour|vinyl|remix",
    "photography": "shot|light|photo|composition|lens|sunset|portrait|edit|colors|frame|fog|reflection|exposure|series",
    "technology": "phone|laptop|review|camera|battery|keyboard|update|screen|chip|monitor|headset|app|charger|firmware",
    "travel": "view|beach|hotel|trip|mountains|city|island|road trip|waterfall|flight|old town|lake|hike|temple",
    "other": "post|video|picture|idea|story|day|dog|cat|car|house|project|weekend|garden|painting",
}

ENGLISH = Lexicon(
    reactions=_list(
        "beautiful|wow|gorgeous|nice|love this|so cute|love it|amazing|stunning|cute|perfect|omg|yes|lovely|awesome|great|so beautiful|goals|so pretty|queen|"
        "incredible|love|haha|so good|cool|need this|obsessed|fire|so true|same|literally me|yum|congrats|thank you|so nice|adorable|legend|dope|very nice|"
        "insane|well done|miss you|lol|looks great|iconic|the best|cutie|so fun|happy birthday|wonderful|super|delicious|fabulous|so lovely|dreamy|magical|classy|"
        "sweet|bravo|hot|crying|too good|i want|finally|true|agreed|facts|hilarious|dead|unreal|respect|legendary|so cool|wish|pretty|love you|what a view|killer|divine"
    ),
    adjectives=_list(
        "beautiful|amazing|great|cute|gorgeous|perfect|nice|awesome|stunning|lovely|cool|incredible|pretty|good|fun|wonderful|fresh|elegant|cosy|brilliant|clean|"
        "unreal|dreamy|sweet|bold|creative|inspiring|simple|warm|crazy|soft|classic|smart|honest|underrated|delicate|wild|sharp|calm|powerful|epic|timeless"
    ),
    nouns=_list(
        "post|photo|look|video|day|place|idea|smile|vibe|content|moment|energy|story|weekend|life|work|mood|face|feed|colors|time|world|taste|heart"
    ),
    openers=_list(
        "wow|omg|honestly|ok but|yes|so|really|girl|bro|aww|hey|well|just|dear|absolutely|man|ahh|truly|finally|oh|hello|good morning|sis|dude|no but seriously|oh my|guys|babe"
    ),
    closers=_list(
        "today|as always|for real|my friend|this week|so much|every time|here|again|right now|in my opinion|keep going|have a good day|no doubt|from day one|all the way|these days|out of nowhere|and i mean it|forever|after all|no kidding|like always|tonight"
    ),
    sentences=_list(
        "this {n} is so {a}|love the {n}|that {n} though|your {n} is always {a}|what a {a} {n}|i love your {n}|the {n} looks {a}|such a {a} {n}|{a} {n} as always|i need that {n}|"
        "love how {a} the {n} is|we tried this {n} yesterday and it was {a}|can't stop looking at that {n}|that {n} made my day|you make the {n} look so {a}|always waiting for your next {n}|"
        "the {n} and the {n} go so well together|never seen such a {a} {n} before|thanks for sharing the {n}|i had the same {n} last year|my mum would love this {n}|please do more {n}|saving this {n} for later|"
        "the way you show the {n} is so {a}|i have been thinking about a {n} like this for months|still not over the {n}|first time i see a {n} that {a}|not the {n} i expected but {a}|"
        "your {n} gets better every week|i tried the {n} after your last post and it worked|wish my {n} was this {a}|that {n} reminds me of home|you two look so {a} with the {n}|how is the {n} even real|"
        "this is exactly the {n} i was looking for|i could watch your {n} all day|so happy for you and your {n}|the {n} in the second one is {a}|ok the {n} is {a} but the {n} wins|proud of you, the {n} is {a}|"
        "came here for the {n} and stayed for the {n}|been following since your first {n}|you deserve all of it, {a} {n}|good luck with the {n} tomorrow|need the {n} in my life|hope you feel better soon, {a} {n} anyway|"
        "not gonna lie the {n} is a bit {a}|i would pick the {n} over the {n}|bought this {n} because of you|that {n} is everything|i showed the {n} to my sister and she wants one|we miss that {n} so much|"
        "i don't agree about the {n}, but {a} post|last time my {n} came out less {a} than yours|the {n} at the end got me|just {a}, no other word for this {n}"
    ),
    questions=_list(
        "where is the {n} from?|what {n} is that?|how long did the {n} take?|can you show the {n} again?|which {n} do you use?|is the {n} still available?|where did you get the {n}?|what's the name of the {n}?|"
        "did you do the {n} yourself?|how do you keep the {n} so {a}?|when is the next {n}?|is that {n} really that {a}?|what camera did you use?|how much was the {n}?|any tips for a {a} {n}?|do you ship the {n}?|"
        "would you do a {n} tutorial?|who made the {n}?|is this the same {n} as last week?|are you coming back to the {n}?|can i use another {n} instead?|what would you change about the {n}?"
    ),
    niche_nouns={niche: _list(words) for niche, words in ENGLISH_NICHES.items()},
)

LEXICONS: dict[str, Lexicon] = {
    "en": ENGLISH,
    "es": _lexicon(
        "hermosa|qué linda|me encanta|preciosa|guapa|bella|wow|increíble|divina|qué bonito|jajaja|espectacular|te amo|qué rico|perfecta|genial|lo quiero|felicidades|reina|qué risa|tal cual|me muero|lindo|brutal|qué grande|buenísimo",
        "hermoso|lindo|increíble|precioso|genial|bonito|divino|perfecto|elegante|rico|auténtico|brillante|fresco|sencillo|loco|dulce|único",
        "foto|vestido|video|lugar|look|receta|sonrisa|viaje|canción|idea|día|familia|pelo|playa|equipo|historia|casa|color",
        "wow|ay|la verdad|amiga|hola|bueno|por fin|uf|madre mía|oye",
        "siempre|de verdad|como nunca|hoy|otra vez|amor|saludos|desde aquí|qué ganas|en serio",
        "me encanta tu {n}|qué {a} ese {n}|tu {n} es siempre {a}|gracias por compartir la {n}|yo también quiero ese {n}|no puedo dejar de mirar el {n}|siempre tan {a}|el {n} te quedó {a}|esa {n} me alegró el día|mi hermana ama tu {n}|nunca vi algo tan {a}|espero la próxima {n}|con ese {n} ganas todo|lo probé ayer y salió {a}|por eso te sigo hace años|ese {n} y ese {n} van juntos",
        "¿de dónde es el {n}?|¿cuánto cuesta la {n}?|¿cómo hiciste ese {n}?|¿qué {n} usas?|¿cuándo sale la próxima {n}?|¿hacen envíos?|¿quién hizo la {n}?",
    ),
    "pt": _lexicon(
        "linda|maravilhosa|amei|que lindo|perfeita|gata|lindo|top|diva|arrasou|uau|kkkk|que delícia|te amo|sensacional|incrível|parabéns|quero|musa|que fofo|show|demais|saudades|verdade|maravilhoso|chorei",
        "lindo|maravilhoso|perfeito|incrível|fofo|top|chique|delicioso|leve|divertido|forte|doce|elegante|simples|raro|novo",
        "foto|look|vestido|vídeo|lugar|receita|sorriso|viagem|música|ideia|dia|família|cabelo|praia|treino|história|casa|cor",
        "nossa|gente|amiga|ai|olha|cara|sério|menina|bom dia|enfim",
        "demais|sempre|hoje|de novo|amor|beijos|de verdade|por aqui|viu|com certeza",
        "amei a sua {n}|que {n} mais {a}|sua {n} é sempre {a}|obrigada por mostrar a {n}|eu quero esse {n}|não paro de olhar a {n}|você está tão {a}|o {n} ficou {a}|essa {n} salvou meu dia|minha mãe ama a sua {n}|nunca vi nada tão {a}|esperando a próxima {n}|fiz ontem e ficou {a}|acompanho você desde a primeira {n}|essa {n} combina com a {n}|manda mais {n}",
        "de onde é o {n}?|quanto custa a {n}?|como você fez a {n}?|qual {n} você usa?|quando sai a próxima {n}?|entrega em todo o país?|quem fez a {n}?",
    ),
    "de": _lexicon(
        "wunderschön|schön|wow|so süß|mega|hübsch|toll|klasse|traumhaft|super|hammer|liebe es|perfekt|genial|haha|stark|richtig gut|lecker|ich auch|glückwunsch|cool|so wahr|geil|krass|danke|sehr schön",
        "schön|toll|süß|cool|perfekt|lecker|stark|hübsch|gemütlich|verrückt|ehrlich|frisch|elegant|lustig|einfach|warm",
        "Foto|Outfit|Kleid|Video|Ort|Rezept|Lächeln|Reise|Lied|Idee|Tag|Familie|Haare|Strand|Training|Geschichte|Küche|Farbe",
        "wow|ehrlich|also|hey|oh|hallo|boah|endlich|na ja|krass",
        "heute|immer wieder|wirklich|wie immer|schon wieder|liebe Grüße|weiter so|einfach nur|für immer|keine Frage",
        "ich liebe dein {n}|was für ein {a}es {n}|dein {n} sieht {a} aus|danke für das {n}|ich brauche dieses {n}|das {n} ist so {a}|du siehst so {a} aus|dein {n} wird immer besser|das {n} hat meinen Tag gerettet|meine Schwester will auch so ein {n}|so etwas {a}es habe ich noch nie gesehen|ich warte schon auf das nächste {n}|gestern ausprobiert und es war {a}|ich folge dir seit dem ersten {n}|das {n} passt gut zum {n}|bitte mehr davon",
        "woher ist das {n}?|was kostet das {n}?|wie hast du das {n} gemacht?|welches {n} benutzt du?|wann kommt das nächste {n}?|verschickst du auch?|wer hat das {n} gemacht?",
    ),
    "fr": _lexicon(
        "magnifique|trop belle|sublime|j'adore|canon|superbe|wow|trop beau|trop mignon|parfait|bravo|belle|incroyable|trop bien|mdr|génial|je veux|félicitations|la classe|tellement vrai|top|une bombe|merci|miam|ravissante|énorme",
        "beau|magnifique|sublime|mignon|parfait|génial|doux|élégant|drôle|simple|frais|fou|rare|chaud|délicat|incroyable",
        "photo|tenue|robe|vidéo|endroit|recette|sourire|voyage|chanson|idée|journée|famille|coiffure|plage|séance|histoire|maison|couleur",
        "wow|oh|franchement|coucou|bon|enfin|ah|alors|hello|purée",
        "aujourd'hui|toujours|vraiment|comme d'habitude|encore|bisous|ma belle|sans hésiter|pour de vrai|à bientôt",
        "j'adore ta {n}|quelle {n} {a}|ta {n} est toujours {a}|merci pour la {n}|il me faut cette {n}|je ne me lasse pas de cette {n}|tu es tellement {a}|la {n} rend {a}|cette {n} a fait ma journée|ma sœur adore ta {n}|je n'ai jamais vu aussi {a}|vivement la prochaine {n}|testé hier et c'était {a}|je te suis depuis ta première {n}|la {n} va bien avec la {n}|encore plus de {n}",
        "d'où vient la {n} ?|combien coûte la {n} ?|comment tu as fait la {n} ?|quelle {n} tu utilises ?|à quand la prochaine {n} ?|tu livres aussi ?|qui a fait la {n} ?",
    ),
    "it": _lexicon(
        "bellissima|stupenda|wow|meravigliosa|che bella|top|splendida|adoro|bravissima|bella|fantastica|che carina|complimenti|ahahah|grande|perfetta|lo voglio|che buono|favolosa|amore|verissimo|che spettacolo|super|grazie|brava|mitico",
        "bello|stupendo|carino|perfetto|fantastico|dolce|elegante|buono|fresco|semplice|pazzo|unico|forte|caldo|raro|divertente",
        "foto|look|vestito|video|posto|ricetta|sorriso|viaggio|canzone|idea|giornata|famiglia|capelli|spiaggia|allenamento|storia|casa|colore",
        "wow|oddio|ciao|ma|dai|allora|finalmente|mamma mia|che dire|sinceramente",
        "oggi|sempre|davvero|come sempre|di nuovo|un bacio|tesoro|senza dubbio|sul serio|a presto",
        "adoro la tua {n}|che {n} {a}|la tua {n} è sempre {a}|grazie per la {n}|voglio anche io quel {n}|non smetto di guardare la {n}|sei così {a}|il {n} è venuto {a}|questa {n} mi ha salvato la giornata|mia sorella ama la tua {n}|mai visto niente di così {a}|aspetto la prossima {n}|provato ieri ed era {a}|ti seguo dalla prima {n}|la {n} sta bene con la {n}|ancora {n} per favore",
        "di dove è il {n}?|quanto costa la {n}?|come hai fatto la {n}?|che {n} usi?|quando esce la prossima {n}?|spedisci anche?|chi ha fatto la {n}?",
    ),
    "id": _lexicon(
        "cantik|bagus|keren|cantik banget|lucu|mantap|wow|suka|gemes|manis|keren banget|wkwk|mau dong|cakep|sukses|lucu banget|bagus banget|setuju|enak|mantul|semangat|kangen|terbaik|amin|sehat selalu|ngakak",
        "cantik|bagus|keren|lucu|manis|enak|rapi|segar|unik|sederhana|hangat|mahal|asik|seru|lembut|hebat",
        "foto|baju|video|tempat|resep|senyum|jalan|lagu|ide|hari|keluarga|rambut|pantai|latihan|cerita|rumah|warna|acara",
        "kak|wah|duh|halo|eh|jujur|akhirnya|aduh|ih|ya ampun",
        "banget|terus|hari ini|selalu|lagi|kak|sumpah|dong|deh|pokoknya",
        "suka banget {n} kakak|{n} nya {a} banget|{n} kamu selalu {a}|makasih sudah share {n}|mau juga {n} itu|gak bosan lihat {n} ini|kakak makin {a}|hasil {n} nya {a}|{n} ini bikin hariku|adikku suka {n} kamu|belum pernah lihat yang se{a} ini|ditunggu {n} berikutnya|kemarin coba dan {a}|ikut dari {n} pertama|{n} sama {n} cocok|tambah lagi {n} nya",
        "{n} nya beli di mana kak?|berapa harga {n}?|bagaimana cara buat {n}?|pakai {n} apa?|kapan {n} lagi?|bisa kirim ke luar kota?|siapa yang buat {n}?",
    ),
    "tr": _lexicon(
        "çok güzel|harika|muhteşem|bayıldım|çok tatlı|süper|güzel|efsane|mükemmel|maşallah|ahaha|çok iyi|tebrikler|aşkım|kraliçe|helal|istiyorum|canım|on numara|şahane|afiyet olsun|katılıyorum|teşekkürler|müthiş|özledik|vay",
        "güzel|harika|tatlı|süper|şık|taze|sade|farklı|sıcak|lezzetli|komik|zarif|doğal|rahat|özel|parlak",
        "fotoğraf|elbise|video|yer|tarif|gülüş|gezi|şarkı|fikir|gün|aile|saç|sahil|antrenman|hikaye|ev|renk|kombin",
        "vay|ya|abla|hocam|merhaba|valla|sonunda|of|ay|yani",
        "bugün|her zaman|gerçekten|yine|canım|sevgiler|işte|bence|tabii|kesinlikle",
        "{n} çok {a} olmuş|bu {n} ne kadar {a}|senin {n} hep {a}|{n} için teşekkürler|ben de bu {n} istiyorum|bu {n} beni mutlu etti|çok {a} görünüyorsun|annem {n} çok sevdi|böyle {a} görmedim|yeni {n} bekliyorum|dün denedim çok {a} oldu|ilk {n} günden beri takipteyim|{n} ve {n} çok uyumlu|daha çok {n} lütfen|o {n} aklımdan çıkmıyor|emeğine sağlık {n} {a}",
        "{n} nereden?|{n} ne kadar?|{n} nasıl yaptın?|hangi {n} kullanıyorsun?|yeni {n} ne zaman?|kargo var mı?|bu {n} kimin?",
    ),
    "ru": _lexicon(
        "красиво|супер|красотка|класс|очень красиво|вау|круто|какая красота|огонь|прелесть|люблю|шикарно|молодец|хочу|ахаха|умница|отлично|браво|согласна|вкусно|поздравляю|спасибо|мило|бомба|топ|жиза",
        "красивый|классный|милый|крутой|вкусный|нежный|яркий|стильный|простой|тёплый|смешной|честный|свежий|редкий|сильный|уютный",
        "фото|платье|видео|место|рецепт|улыбка|поездка|песня|идея|день|семья|причёска|пляж|тренировка|история|дом|цвет|образ",
        "вау|ой|слушай|привет|ну|честно|наконец|боже|девочки|блин",
        "сегодня|всегда|правда|как всегда|снова|обнимаю|так держать|однозначно|навсегда|без слов",
        "обожаю твоё {n}|какой {a} {n}|твой {n} всегда {a}|спасибо за {n}|тоже хочу такое {n}|не могу насмотреться на {n}|ты такая {a}|получился {a} {n}|это {n} подняло настроение|моей сестре нравится {n}|никогда не видела такой {a} {n}|жду следующее {n}|вчера попробовала, вышло {a}|слежу с первого {n}|{n} и {n} сочетаются|больше {n} пожалуйста",
        "откуда {n}?|сколько стоит {n}?|как ты сделала {n}?|какое {n} используешь?|когда новое {n}?|доставка есть?|кто делал {n}?",
    ),
    "hi": _lexicon(
        "बहुत सुंदर|वाह|सुंदर|शानदार|बहुत बढ़िया|कमाल|प्यारा|मस्त|बेहतरीन|लाजवाब|जय हो|बढ़िया|क्या बात|सही बात|गजब|अति सुंदर|धन्यवाद|मज़ा आ गया|बधाई|खूबसूरत|दिल छू लिया|हाहा|एकदम सही|स्वादिष्ट|जबरदस्त|नमस्ते",
        "सुंदर|शानदार|प्यारा|बढ़िया|अनोखा|सादा|ताज़ा|मीठा|मज़ेदार|सच्चा|नया|गहरा|अच्छा|बड़ा|रंगीन|खास",
        "फोटो|वीडियो|पोशाक|जगह|खाना|मुस्कान|यात्रा|गाना|विचार|दिन|परिवार|बाल|समुद्र|कसरत|कहानी|घर|रंग|अंदाज़",
        "वाह|अरे|भाई|दीदी|सच में|नमस्ते|यार|ओह|आखिर|जी",
        "आज|हमेशा|सच में|फिर से|भाई|दिल से|हर बार|बिल्कुल|जी|यहाँ",
        "आपकी {n} बहुत {a} है|यह {n} कितना {a} है|आपका {n} हमेशा {a} होता है|{n} के लिए धन्यवाद|मुझे भी यह {n} चाहिए|इस {n} ने दिन बना दिया|आप बहुत {a} लग रहे हो|मेरी बहन को {n} पसंद है|ऐसा {a} {n} पहले नहीं देखा|अगले {n} का इंतज़ार है|कल बनाया, बहुत {a} था|पहली {n} से देख रहा हूँ|{n} और {n} दोनों {a}|और {n} दिखाओ|क्या {n} है भाई|सबसे {a} {n}",
        "यह {n} कहाँ से है?|{n} कितने का है?|{n} कैसे बनाया?|कौन सा {n} है?|अगला {n} कब आएगा?|क्या डिलीवरी होगी?|यह {n} किसने बनाया?",
    ),
    "ar": _lexicon(
        "جميل|رائع|ما شاء الله|تحفة|جميلة جدا|حلو|قمر|روعة|الله|ابداع|يجنن|ممتاز|حبيبتي|هههه|مبروك|احبك|عسل|خطير|بالتوفيق|شكرا|لذيذ|صح|فخم|ملكة|يا سلام|احسنت",
        "جميل|رائع|حلو|جديد|بسيط|لذيذ|قوي|هادئ|فخم|غريب|صادق|دافئ|مميز|نادر|ناعم|مرح",
        "صورة|فستان|فيديو|مكان|وصفة|ابتسامة|رحلة|اغنية|فكرة|يوم|عائلة|شعر|بحر|تمرين|قصة|بيت|لون|طبخة",
        "والله|يا|مرحبا|بصراحة|اخيرا|اهلا|صراحة|اوه|طيب|فعلا",
        "اليوم|دائما|جدا|مرة ثانية|حبيبتي|من قلبي|كالعادة|هنا|بجد|للابد",
        "احب {n} هذا|ما هذا ال{n} ال{a}|ال{n} دائما {a}|شكرا على ال{n}|اريد نفس ال{n}|ال{n} عدل يومي|انت {a} جدا|امي تحب ال{n}|لم ار شيئا {a} هكذا|انتظر ال{n} القادم|جربت امس وكان {a}|اتابعك من اول {n}|ال{n} مع ال{n} {a}|المزيد من {n}|كل {n} احلى من قبل|هذا ال{n} {a} بصراحة",
        "من اين ال{n}؟|كم سعر ال{n}؟|كيف عملت ال{n}؟|اي {n} تستخدم؟|متى ال{n} القادم؟|يوجد توصيل؟|من عمل ال{n}؟",
    ),
    "th": _lexicon(
        "สวยมาก|น่ารัก|สวย|เยี่ยม|สุดยอด|ชอบมาก|น่ารักมาก|สวยจัง|ดีมาก|ว้าว|เก่งมาก|เท่|อยากได้|ขำ|น่ากิน|คิดถึง|รักเลย|ปัง|ดีงาม|จริง|ขอบคุณ|ยินดีด้วย|สู้ๆ|แซ่บ|โอ้โห|งดงาม",
        "สวย|น่ารัก|ดี|เท่|อร่อย|สดใส|เรียบ|แปลก|อบอุ่น|ใหม่|นุ่ม|เก๋|ตลก|แรง|หรู|ละมุน",
        "รูป|ชุด|วิดีโอ|ที่นี่|สูตร|รอยยิ้ม|ทริป|เพลง|ไอเดีย|วันนี้|ครอบครัว|ผม|ทะเล|ออกกำลัง|เรื่อง|บ้าน|สี|อาหาร",
        "โห|ว้าว|พี่|จริงๆ|สวัสดี|แหม|ในที่สุด|อุ้ย|แม่|คือ",
        "มาก|เลย|ทุกวัน|จริงๆ|อีกแล้ว|นะ|ค่ะ|ครับ|ตลอดไป|แน่นอน",
        "ชอบ{n}นี้มาก|{n}{a}มากเลย|{n}ของพี่{a}ตลอด|ขอบคุณสำหรับ{n}|อยากได้{n}แบบนี้|ดู{n}แล้วยิ้ม|วันนี้{a}จัง|แม่ชอบ{n}ของคุณ|ไม่เคยเห็น{n}{a}แบบนี้|รอ{n}ต่อไปนะ|ลองทำเมื่อวาน{a}มาก|ตามตั้งแต่{n}แรก|{n}กับ{n}เข้ากัน|ขอ{n}อีก|{n}นี้ทำให้หายเหนื่อย|เห็น{n}แล้วอยากไปบ้าง",
        "{n}ซื้อที่ไหนคะ|{n}ราคาเท่าไหร่|ทำ{n}ยังไง|ใช้{n}อะไร|{n}มาเมื่อไหร่|ส่งต่างจังหวัดไหม|ใครทำ{n}",
        joiner="",
    ),
    "ja": _lexicon(
        "可愛い|すごい|綺麗|素敵|最高|かわいい|美しい|かっこいい|いいね|素晴らしい|大好き|美味しそう|天才|神|笑った|おめでとう|尊い|欲しい|ほんとそれ|ありがとう|やばい|癒される|お疲れ様|最強|会いたい|楽しそう",
        "可愛い|素敵な|綺麗な|すごい|美味しい|新しい|面白い|優しい|静かな|珍しい|明るい|自然な|格好いい|暖かい|丁寧な|特別な",
        "写真|服|動画|場所|レシピ|笑顔|旅|歌|アイデア|一日|家族|髪|海|練習|話|部屋|色|料理",
        "わあ|えっ|本当に|こんにちは|やっぱり|ついに|まさか|正直|ねえ|おはよう",
        "ですね|です|いつも|今日も|だね|また|ずっと|本当に|絶対|最高",
        "{n}が{a}と思う|この{n}大好き|いつも{a}{n}ありがとう|{n}の色がいい|私も{n}が欲しい|{n}を見て元気が出た|今日も{a}ですね|母も{n}が好き|こんなに{a}{n}は初めて|次の{n}も待ってます|昨日やってみたら{a}かった|最初の{n}から見てます|{n}と{n}が合う|もっと{n}が見たい|{n}に行きたくなった|{a}{n}で泣いた",
        "{n}はどこのですか？|{n}はいくらですか？|{n}はどう作るの？|どんな{n}を使ってますか？|次の{n}はいつ？|送れますか？|{n}は誰の？",
        joiner="",
    ),
    "ko": _lexicon(
        "예뻐요|대박|너무 예뻐|최고|귀여워|멋져요|사랑해|와|너무 귀여워|아름다워|짱|좋아요|부럽다|맛있겠다|ㅋㅋㅋ|완벽|축하해요|갖고 싶다|인정|고마워요|보고 싶어|미쳤다|힐링|천재|화이팅|이쁘다",
        "예쁜|멋진|귀여운|좋은|새로운|맛있는|따뜻한|특별한|재미있는|깔끔한|조용한|진짜|화려한|부드러운|시원한|소중한",
        "사진|옷|영상|장소|레시피|미소|여행|노래|생각|하루|가족|머리|바다|운동|이야기|집|색깔|음식",
        "와|언니|진짜|안녕하세요|드디어|헐|오|아니|솔직히|역시",
        "정말|항상|오늘도|또|진짜로|최고|역시|그냥|영원히|너무",
        "이 {n} 너무 {a} 느낌|{n} 정말 좋아요|언제나 {a} {n}|{n} 올려줘서 고마워요|나도 그 {n} 갖고 싶다|{n} 보고 힘이 났어요|오늘도 {a} 모습|엄마가 {n} 좋아해요|이렇게 {a} {n} 처음 봐요|다음 {n} 기다릴게요|어제 해봤는데 {a} 맛|첫 {n} 때부터 봤어요|{n} 이랑 {n} 잘 어울려|{n} 더 보여주세요|{n} 때문에 웃었어요|{a} {n} 그 자체",
        "{n} 어디 거예요?|{n} 얼마예요?|{n} 어떻게 했어요?|무슨 {n} 써요?|다음 {n} 언제예요?|배송 되나요?|{n} 누가 했어요?",
    ),
}

EMOJI: tuple[str, ...] = _words(
    "😍 ❤️ 🔥 😂 🙌 👏 💕 🥰 😘 💙 ✨ 💯 👌 🙏 💖 😭 💪 🎉 😊 🤩 💜 👍 😎 🌸 💛 😱 🤍 🥺 👀 🤤 🌹 💗 ☺️ 😅 💃 🖤 🌟 😁 💚 🤣 "
    "🌺 😻 🙈 ⚡ 🎶 🌞 🍀 🐶 🦋 🌈 👑 💎 🎂 🌊 🍕 📸 🎮 ✈️ 🏆 🌴"
)

HANDLE_WORDS: tuple[str, ...] = _words(
    "luna mia leo nova sol jade alex sam nina max ivy kai zoe milo ana theo lily noah ella finn ruby hugo cleo otto "
    "studio daily life world home official real the just life with by art club diary travel kitchen fit style"
)
