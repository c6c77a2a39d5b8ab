"""Does a written sentence say no more than the sentences that it cites?"""
