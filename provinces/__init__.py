"""One folder of data per province; `PEIYU_PROVINCE` names the one in use."""
