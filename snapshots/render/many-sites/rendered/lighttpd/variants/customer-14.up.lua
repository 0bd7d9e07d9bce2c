do -- fence variant=up generation=0 site=customer-14 (generated, do not edit)
end
