"""Names that exports give to the columns of the contract, and what tells a platform.

Fields of the YouTube Data API v3 (channels, videos, commentThreads), the X API v2, Instagram's Graph API and web
responses (as instaloader and Apify's Instagram scrapers keep them), and TikTok's as Apify's scraper keeps them, from
their documentation; words of spreadsheets in English, German, Spanish, French and Portuguese are assumed.
"""

from __future__ import annotations

import re
import unicodedata

NAMES: dict[str, dict[str, str]] = {
    "accounts": {
        "account_id": (
            "account_id channel_id user_id profile_id influencer_id creator_id id pk account channel username "
            "user_name "
            "handle unique_id profile creator influencer kanal kanal_id konto nutzername benutzername cuenta canal "
            "usuario compte chaine identifiant conta authorMeta.id author.id channel_name"
        ),
        "handle": (
            "handle username user_name screen_name unique_id custom_url channel_title title name full_name nutzername "
            "benutzername usuario nom nome kanalname channel_name authorMeta.name account_name profile_name"
        ),
        "platform": "platform network social_network plattform netzwerk plataforma red plateforme reseau rede",
        "follower_count": (
            "follower_count followers_count followers subscriber_count subscribers subscriber subs fans "
            "edge_followed_by.count edge_followed_by follower abonnenten abonnentenzahl seguidores suscriptores "
            "numero_seguidores abonnes nombre_abonnes inscritos authorMeta.fans follower_number total_followers"
        ),
        "following_count": (
            "following_count follows_count following followings friends_count edge_follow.count gefolgt folgt seguidos "
            "siguiendo abonnements seguindo authorMeta.following"
        ),
        "post_count": (
            "post_count posts_count media_count video_count tweet_count statuses_count uploads "
            "edge_owner_to_timeline_media.count beitraege anzahl_beitraege publicaciones publications publicacoes "
            "authorMeta.video number_of_posts posts videos"
        ),
        "observed_at": (
            # A plain 'date' of an account may be any day.
            "observed_at scraped_at collected_at fetched_at retrieved_at crawled_at checked_at read_at as_of stand "
            "abgerufen abgerufen_am fecha_captura date_collected"
        ),
        "created_on": (
            "created_on created_at joined joined_on join_date published_at account_created registered beigetreten "
            "beigetreten_am erstellt erstellt_am fecha_creacion inscrit_le creation_date criado_em"
        ),
        "is_verified": "is_verified verified verifiziert verificado verifie authorMeta.verified badge",
        "is_business": "is_business is_business_account business_account is_professional_account business",
        "niche": "niche category topic vertical kategorie thema nische categoria tema categorie",
        "language": "language default_language lang sprache idioma langue lingua",
        "country": "country country_code region land pais pays",
        "biography": "biography bio description about signature beschreibung biografie descripcion biografia",
    },
    "followers_daily": {
        "account_id": (
            "account_id channel_id user_id profile_id id account channel username user_name handle unique_id profile "
            "creator influencer name kanal kanal_id konto nutzername cuenta canal usuario compte chaine conta"
        ),
        "date": (
            "date day observed_on datum tag fecha dia data jour recorded_at scraped_at collected_at timestamp time "
            "snapshot_date"
        ),
        "follower_count": (
            "follower_count followers_count followers subscriber_count subscribers subs fans count abonnenten "
            "follower seguidores suscriptores abonnes inscritos total_followers anzahl"
        ),
        "following_count": "following_count following follows_count gefolgt seguidos abonnements seguindo",
    },
    "posts": {
        "account_id": (
            "account_id channel_id owner_id owner_username user_id author_id profile_id account channel username "
            "user_name handle author author_name influencer creator owner.id owner.username ownerUsername inputUrl "
            "authorMeta.id authorMeta.name kanal kanal_id konto nutzername cuenta canal usuario compte chaine conta"
        ),
        "post_id": (
            "post_id video_id media_id tweet_id short_code shortcode code id pk aweme_id post url link permalink "
            "beitrag_id beitrag video publicacion publication video_url post_url"
        ),
        "posted_at": (
            "posted_at published_at created_at create_time_iso create_time timestamp taken_at_timestamp taken_at "
            "posted_on published date published_on post_date upload_date uploaded_at datum veroeffentlicht "
            "veroeffentlicht_am fecha fecha_publicacion date_publication publie_le data time"
        ),
        "observed_at": "observed_at scraped_at collected_at fetched_at retrieved_at crawled_at abgerufen_am",
        "format": "format post_type media_type product_type content_type typename type typ tipo",
        "like_count": (
            "like_count likes_count likes edge_media_preview_like.count edge_liked_by.count digg_count favorite_count "
            "gefaellt_mir me_gusta jaime curtidas"
        ),
        "comment_count": (
            "comment_count comments_count comments edge_media_to_comment.count reply_count kommentare comentarios "
            "commentaires"
        ),
        "view_count": (
            "view_count video_view_count video_play_count play_count views plays impression_count aufrufe "
            "visualizaciones vistas vues visualizacoes"
        ),
        "caption": (
            "caption caption.text edge_media_to_caption.edges.0.node.text title description full_text text titel "
            "titulo titre legende beschreibung"
        ),
        "is_sponsored": (
            "is_sponsored sponsored is_paid_partnership paid_partnership is_ad is_paid_promotion gesponsert werbung "
            "patrocinado sponsorise"
        ),
    },
    "comments": {
        "account_id": (
            "account_id channel_id owner_id profile_id account channel influencer creator "
            "snippet.channelId kanal konto cuenta canal compte chaine conta"
        ),
        "post_id": "post_id video_id media_id short_code shortcode post video url post_url video_url beitrag_id",
        "comment_id": "comment_id cid id pk kommentar_id comentario_id",
        "commenter_id": (
            "commenter_id author_channel_id.value author_channel_id author_id owner_id owner.id user_id user.pk "
            "user.id "
            "commenter owner_username owner.username author_display_name author username user_name user uid unique_id "
            "autor nutzername usuario auteur"
        ),
        "commented_at": (
            "commented_at published_at created_at create_time_iso create_time timestamp created_at_utc date datum "
            "fecha time data"
        ),
        "text": (
            "text text_original text_display comment_text comment content message body kommentar comentario "
            "commentaire texto texte"
        ),
        "like_count": "like_count likes_count likes digg_count comment_like_count edge_liked_by.count",
    },
    "labels": {
        "account_id": "account_id channel_id user_id id account channel username user_name handle",
        # What else is called a label (fake, spam, automated) is another judgement, or the other way round.
        "is_inauthentic": "is_inauthentic inauthentic",
        "scheme": "scheme",
        "labelled_on": "labelled_on labeled_on judged_on",
        "label_source": "label_source labelled_by reviewer",
    },
}
"""Table and column of the contract to its names elsewhere, the likeliest first."""

TABLE_WORDS = {
    "accounts": "accounts account profiles profile channels channel users creators influencers konten kanaele cuentas",
    "followers_daily": "followers_daily followers followers_history subscribers history daily tracker tracking "
    "growth verlauf",
    "posts": "posts post videos video media reels tweets uploads latest_posts beitraege publicaciones items",
    "comments": "comments comment latest_comments replies comment_threads kommentare comentarios commentaires",
    "labels": "labels label truth",
}
"""Table to words in the names of files, sheets and lists that hold it."""

PLATFORM_WORDS = {
    "instagram": "instagram insta instagram.com edge_followed_by shortcode latestposts igtvvideocount",
    "tiktok": "tiktok tiktok.com diggcount authormeta aweme",
    "youtube": "youtube youtube.com youtu.be subscribercount youtube#channel videoid hiddensubscribercount",
    "twitch": "twitch twitch.tv",
    "x": "twitter x.com twitter.com tweet public_metrics retweet_count",
    "facebook": "facebook facebook.com",
}
"""Platform to what in the names of files and fields, or in addresses, gives it away."""

FORMAT_VALUES = {
    # __typename and product_type of Instagram, type of Apify's scraper, duration-free names of others.
    "graphimage": "photo",
    "image": "photo",
    "photo": "photo",
    "graphvideo": "video",
    "video": "video",
    "graphsidecar": "carousel",
    "sidecar": "carousel",
    "carousel": "carousel",
    "carousel_album": "carousel",
    "carousel_container": "carousel",
    "clips": "short",
    "reel": "short",
    "reels": "short",
    "short": "short",
    "shorts": "short",
    "story": "story",
    "stories": "story",
    "text": "text",
    "tweet": "text",
    "live": "live",
    "stream": "live",
    "feed": "other",
}
"""Kinds of posts elsewhere, in lower case, to those of the contract."""

MISSING = ("-", "–", "—", "n/a", "N/A", "NA", "#N/A", "null", "NULL", "None", "none", "nan", "NaN", "hidden")  # noqa: RUF001
"""Texts of cells that mean: not observed; assumed, and said wherever one is found."""


TOTALS = ("total", "sum", "summe", "gesamt", "suma", "somme", "soma")
"""Headers of a column that adds up the others."""


def plain(name: str) -> str:
    """A name without case, accents and what separates its words."""
    letters = name.replace("ß", "ss").replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    ascii_only = unicodedata.normalize("NFKD", letters).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", ascii_only.lower())


def rank(table: str, column: str, name: str) -> int | None:
    """How likely a name is for a column: 0 is the likeliest, None is no name of it.

    Of a path into JSON its end counts, too: statistics.viewCount is a viewCount.
    """
    known = [plain(each) for each in NAMES[table].get(column, "").split()]
    path = name.replace("../", "").split(".")
    tails = [plain(".".join(path[start:])) for start in range(len(path))]
    found = [known.index(tail) + start for start, tail in enumerate(tails) if tail in known]
    return min(found, default=None)
